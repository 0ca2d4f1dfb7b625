//! What each error of Teams means, and what people are told to do.

use oyez::domain::delivery::Class;
use wiremock::ResponseTemplate;

use super::{CHANNEL, CHAT, Microsoft, PERSON, error};

const BLOCKED: &str =
    r#"{"subCode":"MessageWritesBlocked","details":"Thread is blocked","errorCode":209}"#;

#[tokio::test]
async fn each_error_has_its_class_and_its_fix() {
    use Class::{BadConfiguration, BadDestination, BadPayload, RemoteTemporary, Uncertain};
    let busy = Class::Throttled { after_ms: None };
    for (status, code, message, class, says) in [
        (
            400,
            "BadSyntax",
            "Bad format of activity",
            BadPayload,
            "oyez template check",
        ),
        (
            403,
            "BotDisabledByAdmin",
            "The tenant admin",
            BadConfiguration,
            "administrator",
        ),
        (
            403,
            "BotNotInConversationRoster",
            "not part",
            BadDestination,
            "Add its app",
        ),
        (
            403,
            "ConversationBlockedByUser",
            "blocked",
            BadDestination,
            "blocked or removed",
        ),
        (
            403,
            "Forbidden",
            BLOCKED,
            BadDestination,
            "blocked or removed",
        ),
        (
            403,
            "ForbiddenOperationException",
            "no",
            BadDestination,
            "Install it for them",
        ),
        (
            403,
            "InvalidBotApiHost",
            "GCC",
            BadConfiguration,
            "Set service_url",
        ),
        (
            403,
            "NotEnoughPermissions",
            "no",
            BadConfiguration,
            "what its app may do",
        ),
        (
            404,
            "ConversationNotFound",
            "no",
            BadDestination,
            "does not exist in Teams",
        ),
        (405, "", "", BadConfiguration, "service_url"),
        (
            412,
            "PreconditionFailed",
            "busy",
            RemoteTemporary,
            "just now",
        ),
        (413, "MessageSizeTooBig", "size", BadPayload, "too long"),
        (429, "Throttled", "slow", busy, "go slower"),
        (
            500,
            "ServiceError",
            "oh",
            Uncertain,
            "may or may not have taken",
        ),
        (502, "", "", RemoteTemporary, "posted nothing"),
        (
            503,
            "ServiceUnavailable",
            "",
            RemoteTemporary,
            "not available",
        ),
        (504, "", "", RemoteTemporary, "posted nothing"),
    ] {
        for address in [CHANNEL, CHAT] {
            let microsoft = Microsoft::start().await;
            microsoft.teams_answers([error(status, code, message)]);
            let outcome = microsoft.send_to(address).await;
            assert_eq!(
                outcome.class, class,
                "{status} {code}: {}",
                outcome.sentence
            );
            assert_eq!(outcome.code, Some(status));
            assert!(
                outcome.sentence.contains(says),
                "{status} {code}: {}",
                outcome.sentence
            );
            assert_eq!(microsoft.calls().await.len(), 1, "{status} {code}");
        }
    }
}

#[tokio::test]
async fn a_person_who_cannot_be_written_to_is_no_fault_of_the_settings() {
    use Class::{BadConfiguration, BadDestination, RemoteTemporary};
    for (status, code, class) in [
        (400, "Bad Argument", BadDestination),
        (403, "ForbiddenOperationException", BadDestination),
        (403, "ConversationBlockedByUser", BadDestination),
        (404, "ConversationNotFound", BadDestination),
        (404, "", BadConfiguration),
        (412, "PreconditionFailed", RemoteTemporary),
        // Nothing with words was sent yet.
        (500, "ServiceError", RemoteTemporary),
        (502, "", RemoteTemporary),
    ] {
        let microsoft = Microsoft::start().await;
        microsoft.teams_answers([error(status, code, "no")]);
        let outcome = microsoft.send_to(PERSON).await;
        assert_eq!(
            outcome.class, class,
            "{status} {code}: {}",
            outcome.sentence
        );
        assert_eq!(
            microsoft.calls().await.len(),
            1,
            "only the chat was looked up"
        );
    }
}

#[tokio::test]
async fn teams_says_how_long_to_wait() {
    for status in [429, 503] {
        let microsoft = Microsoft::start().await;
        let answer = ResponseTemplate::new(status).insert_header("retry-after", "7");
        microsoft.teams_answers([answer]);
        let outcome = microsoft.send_to(CHAT).await;
        let wait = Class::Throttled {
            after_ms: Some(7_000),
        };
        assert_eq!(outcome.class, wait, "{status}");
    }
}

#[tokio::test]
async fn what_is_kept_of_an_answer_holds_neither_token_nor_address() {
    let microsoft = Microsoft::start().await;
    let quoted = format!("denied token-1 in {CHANNEL} for priya.shah@northshire.example");
    microsoft.teams_answers([error(403, "Forbidden", &quoted)]);
    let outcome = microsoft.send_to(CHANNEL).await;
    for secret in ["token-1", "19:incidents", "priya.shah"] {
        assert!(!outcome.reply.contains(secret), "{}", outcome.reply);
    }
    assert!(outcome.reply.contains("denied"), "{}", outcome.reply);
}
