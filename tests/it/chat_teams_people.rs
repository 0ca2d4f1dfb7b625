//! Who speaks: by their object id in the directory, or by the mail address that Teams has of them.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::teams::{CHAT, OPEN, PRIYA, STRANGER, Tenant, button, directory, text};

const DANA: &str = "Dana.Whitlock@Northshire.example";
const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";

/// What Teams says of the stranger.
fn member(mail: Option<&str>, name: Option<&str>) -> Value {
    json!({
        "id": "29:someone",
        "aadObjectId": STRANGER,
        "name": "Someone",
        "email": mail,
        "userPrincipalName": name,
        "tenantId": TENANT,
        "userRole": "user",
    })
}

fn knows(teams: &Tenant, member: &Value) {
    let answer = ResponseTemplate::new(200).set_body_json(member);
    teams.answers(&format!("/members/{STRANGER}"), answer);
}

async fn asked(teams: &Tenant) -> Vec<String> {
    let asked = teams.asked("GET").await.into_iter();
    let paths = asked.map(|(path, _)| path);
    paths.filter(|path| path.contains("/members/")).collect()
}

#[tokio::test]
async fn somebody_of_ours_is_known_by_the_mail_address_that_teams_has_of_them() {
    let mut teams = Tenant::open().await;
    knows(
        &teams,
        &member(Some(DANA), Some("dw@northshire.onmicrosoft.example")),
    );
    let shown = teams.says_alone(STRANGER, OPEN).await;
    let sent = teams.taps(STRANGER, &button(&shown, "Send"), "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let record = teams.agency.json("status INC-0001").await;
    assert_eq!(record["timeline"][0]["who"], "Dana Whitlock");

    // Asked once, and never about those whom the directory knows.
    teams.says_alone(PRIYA, "list").await;
    let chat = CHAT.replace(':', "%3A");
    let once = format!("/v3/conversations/{chat}/members/{STRANGER}");
    assert_eq!(asked(&teams).await, [once]);

    // What Teams says is kept, and not whom it led to.
    let changed = directory().replace("dana.whitlock@", "dana@");
    assert_ne!(changed, directory());
    let changed = teams.agency.directory(&changed);
    let app = &teams.api.app;
    app.replace_directory(&changed).await.unwrap();
    let refused = teams.says_alone(STRANGER, "list").await;
    assert!(
        text(&refused).contains("nobody in the directory"),
        "{refused}"
    );
    assert_eq!(asked(&teams).await.len(), 1);
}

#[tokio::test]
async fn whoever_has_no_such_address_is_told_what_to_do() {
    let guest = {
        let mut guest = member(Some(DANA), None);
        guest["userRole"] = json!("guest");
        guest
    };
    let elsewhere = {
        let mut elsewhere = member(Some(DANA), None);
        elsewhere["tenantId"] = json!("00000000-0000-4000-8000-000000000000");
        elsewhere
    };
    let other = {
        let mut other = member(Some(DANA), None);
        other["aadObjectId"] = json!(PRIYA);
        other
    };
    let named = "names no mail address of yours";
    for (member, says) in [
        (member(None, None), named),
        (member(Some("none"), Some("")), named),
        (
            member(
                None,
                Some("dana.whitlock_northshire.example#EXT#@other.example"),
            ),
            named,
        ),
        (guest, named),
        (elsewhere, named),
        (other, named),
        (json!("garbage"), named),
        (
            member(Some("nobody@northshire.example"), None),
            "nobody in the directory has the mail address that Teams names for you",
        ),
        (
            member(Some(DANA), Some("tom.okafor@northshire.example")),
            "gives your address to more than one person",
        ),
        (
            member(Some("amara.nwosu@larkfield-training.example"), None),
            "people of our own organisation",
        ),
    ] {
        let mut teams = Tenant::open().await;
        knows(&teams, &member);
        let refused = text(&teams.says_alone(STRANGER, "list").await);
        assert!(refused.contains(says), "{member}: {refused}");
        assert!(!refused.contains("Dana"), "{refused}");
        if !says.contains("one") && !says.contains("our own") {
            let fix = format!("put {STRANGER} into your entry");
            assert!(refused.contains(&fix), "{refused}");
        }
        assert!(
            !refused.contains('@'),
            "no mail address is read out: {refused}"
        );
    }
}

#[tokio::test]
async fn while_teams_cannot_be_asked_it_says_so_and_asks_again() {
    let mut teams = Tenant::open().await;
    let path = format!("/members/{STRANGER}");
    for status in [500, 429] {
        teams.answers(&path, ResponseTemplate::new(status));
        let refused = text(&teams.says_alone(STRANGER, "list").await);
        assert!(
            refused.contains("Teams does not say so just now"),
            "{refused}"
        );
        assert!(refused.contains("Say it again in a minute"), "{refused}");
    }
    // What only an operator can put right is named.
    teams.answers(&path, ResponseTemplate::new(403));
    let refused = text(&teams.says_alone(STRANGER, "list").await);
    assert!(
        refused.contains("Teams does not let the bot do this"),
        "{refused}"
    );
    // They are not in this conversation: that is an answer.
    teams.answers(&path, ResponseTemplate::new(404));
    let refused = text(&teams.says_alone(STRANGER, "list").await);
    assert!(refused.contains("names no mail address"), "{refused}");
    assert_eq!(asked(&teams).await.len(), 4);
}
