//! What is answered when it cannot be done: in words, with the way on.

use super::{Chat, DECLARED, DIRECTORY, Kept, PRIYA, TOM, button, input, policy, text, titles};

#[tokio::test]
async fn a_no_says_why_and_what_to_do_in_the_words_of_chat() {
    let mut teams = Chat::with(policy(), DIRECTORY).await;
    let mut kept = Kept::default();
    let shown = teams.hands_in(PRIYA, "fill:open:", &DECLARED).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    let long = "It is slow for all of them. ".repeat(180);
    for (name, user, line, said) in [
        ("unknown-verb", PRIYA, "nochnge", "Did you mean nochange?"),
        (
            "no-word-at-all",
            PRIYA,
            "<at>everyone</at> *help* [x](y)",
            "I do not know the word",
        ),
        (
            "unknown-incident",
            PRIYA,
            "status INC-99",
            "There is no incident INC-0099.",
        ),
        (
            "which-incident",
            PRIYA,
            "update It is back",
            "I do not know which incident you mean.",
        ),
        (
            "unknown-person",
            PRIYA,
            "why INC-1 Dana Whitlok",
            "Did you mean dana-whitlock?",
        ),
        (
            "unknown-mention",
            PRIYA,
            "add INC-1 <@29:zzz|Zoe>: asked",
            "whom you mean by @Zoe",
        ),
        (
            "not-known",
            "11111111-2222-4333-8444-555555555599",
            "list",
            "I do not know who you are: Teams names no mail address of yours.",
        ),
        (
            "wrong-stage",
            PRIYA,
            "reopen INC-1 It fails",
            "Post an update instead.",
        ),
        (
            "no-users-decision",
            PRIYA,
            "add INC-1 amara-nwosu as users: asked",
            "Decide it first with `@Oyez decide INC-0001 yes`.",
        ),
        (
            "bad-time",
            PRIYA,
            "mute INC-1 dana-whitlock until soon",
            "is not a time",
        ),
    ] {
        let card = kept.keep(&format!("no-{name}"), teams.says(user, line).await);
        let words = text(&card);
        // Escaped as Teams reads it.
        let words = words.replace("\\`", "`").replace("\\_", "_");
        assert!(words.contains(said), "{name}: {words}");
        assert!(!words.contains("oyez "), "{name}: {words}");
    }

    let all = teams.says(PRIYA, &format!("update INC-1 {long}")).await;
    let all = kept.keep("five-thousand-characters", all);
    assert!(titles(&all)[0].starts_with("Send to "), "{all}");
    let more = "a".repeat(12_000);
    let more = teams.says(PRIYA, &format!("update INC-1 {more}")).await;
    let more = kept.keep("no-too-long", more);
    assert!(
        text(&more).contains("10,000") || text(&more).contains("10000"),
        "{}",
        text(&more)
    );

    // What readers would trip over is said; what must not go out comes back to be put right.
    let trips = "It is due to db-01.internal failing, back in 10 minutes.";
    let trips = teams.says(PRIYA, &format!("update INC-1 {trips}")).await;
    let trips = kept.keep("findings", trips);
    assert!(
        text(&trips).contains("Readers may trip over this:"),
        "{trips}"
    );
    let unfilled = teams.says(PRIYA, "update INC-1 Back at {{time}}.").await;
    let unfilled = kept.keep("no-placeholder-left", unfilled);
    assert!(
        text(&unfilled).contains("Put this right first"),
        "{unfilled}"
    );
    assert_eq!(input(&unfilled, "text")["value"], "Back at {{time}}.");
    assert_eq!(titles(&unfilled), ["Go on"]);

    // A stale tap sends nothing, and says what happened instead.
    let priya = teams.says(PRIYA, "update INC-1 Half are back.").await;
    let tom = teams.says(TOM, "update INC-1 All are back.").await;
    teams.taps(TOM, &button(&tom, "Send"), "").await;
    let before = teams.agency().send_log("INC-0001").await.len();
    let stale = teams.taps(PRIYA, &button(&priya, "Send"), "").await;
    let stale = kept.keep("stale", stale);
    let words = text(&stale);
    assert!(words.starts_with("Nothing was sent."), "{words}");
    assert!(
        words.contains("Tom Okafor posted an update: All are back"),
        "{words}"
    );
    assert_eq!(titles(&stale), ["Change", "Status"]);
    assert_eq!(teams.agency().send_log("INC-0001").await.len(), before);
    // The same words again, now that they know.
    let again = teams.taps(PRIYA, &button(&stale, "Change"), "").await;
    assert_eq!(input(&again, "text")["value"], "Half are back.");

    let tapped = teams.taps(PRIYA, "nochange:INC-0001:1", "").await;
    let tapped = kept.keep("stale-no-change", tapped);
    assert!(text(&tapped).contains("Nothing was sent."), "{tapped}");
    let dropped = teams.taps(TOM, "drop:01JUNK", "").await;
    kept.keep("no-draft", dropped);
    kept.done();
}

#[tokio::test]
async fn a_ceiling_asks_why_it_does_not_hold_this_time() {
    let mut teams = Chat::with(policy(), DIRECTORY).await;
    let mut kept = Kept::default();
    let asked = teams
        .says(PRIYA, "open P1 data-hub: Reports are late")
        .await;
    let asked = kept.keep("above-ceiling", asked);
    let words = text(&asked);
    assert!(
        words.contains("above the ceiling") && !words.contains("--override"),
        "{words}"
    );
    let mut filled = vec![
        ("title", "Reports are late"),
        ("priority", "P1"),
        ("services", "data-hub"),
    ];
    assert_eq!(input(&asked, "override_ceiling")["isRequired"], true);
    assert_eq!(input(&asked, "title")["value"], "Reports are late");
    filled.push(("override_ceiling", "The board meets in an hour"));
    let shown = teams
        .hands_in(PRIYA, &button(&asked, "Go on"), &filled)
        .await;
    let words = text(&shown);
    assert!(words.contains("The board meets in an hour"), "{words}");
    kept.done();
}

#[tokio::test]
async fn a_restricted_incident_is_not_shown_where_others_read_along() {
    let mut teams = Chat::with(policy(), DIRECTORY).await;
    teams.personal = false;
    let mut kept = Kept::default();
    let mut filled = DECLARED.to_vec();
    filled.push(("kind", "data_breach"));
    for extra in [None, Some(("started", "the other day"))] {
        let mut filled = filled.clone();
        filled.extend(extra);
        let aloud = teams.hands_in(PRIYA, "fill:open:", &filled).await;
        let aloud = kept.keep("restricted-in-a-channel", aloud);
        let words = text(&aloud);
        assert!(words.starts_with("Go on in your personal chat"), "{words}");
        assert!(!aloud.to_string().contains("sign in"), "{aloud}");
        assert_eq!(titles(&aloud), [""; 0]);
    }
    teams.personal = true;
    let alone = teams.hands_in(PRIYA, "fill:open:", &filled).await;
    assert!(text(&alone).contains("Providers cannot sign in"), "{alone}");
    kept.done();
}
