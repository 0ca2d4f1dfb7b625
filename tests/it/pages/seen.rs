//! "I have seen this", from the mail to the record.

use serde_json::json;

use super::{Reached, page, policy};
use crate::support::agency::deliver;

#[tokio::test]
async fn exactly_those_whose_rule_asks_have_a_link_and_each_their_own() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let links = reached.links();
    // One rule asks the service owner; thirty others are told.
    assert_eq!(
        links.keys().collect::<Vec<_>>(),
        ["dana.whitlock@northshire.example"]
    );
    let log = reached.agency.send_log("INC-0001").await;
    let asked: Vec<_> = log.iter().filter(|one| one["asks"] == "seen").collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["recipient"], "dana-whitlock");

    // An update asks nobody; a change of priority asks anew those whom its rules ask.
    reached
        .agency
        .done("update INC-0001 'Half can sign in.' --yes")
        .await;
    deliver(&reached.api.app).await;
    let asked = reached.agency.send_log("INC-0001").await;
    let asked = asked.iter().filter(|one| one["asks"] == "seen").count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn to_look_records_nothing_and_one_press_is_on_the_record_for_good() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let link = reached.link_of("dana.whitlock");
    let before = reached.agency.dump().await;
    for _ in 0..3 {
        let answer = reached.looks(&link).await;
        let text = page(&answer, 200);
        assert!(text.contains("Have you seen this?"), "{text}");
        for fact in [
            "Dana Whitlock",
            "Providers cannot sign in",
            "INC-0001",
            "P1",
            "Next update",
        ] {
            assert!(text.contains(fact), "{fact}: {text}");
        }
        assert!(text.contains("<form method=\"post\">") && text.contains("I have seen this"));
        let head = reached.api.request(reqwest::Method::HEAD, &link);
        let head = crate::support::api::Answer::of(head).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    }
    assert_eq!(before, reached.agency.dump().await);
    let who = reached.agency.json("who INC-0001").await;
    assert_eq!(
        who["seen"]["words"],
        "Seen by 0 of 1. Not yet: Dana Whitlock"
    );

    let answer = reached.presses(&link, &[]).await;
    let first = page(&answer, 200).to_owned();
    assert!(
        first.contains("Recorded at ") && first.contains(": you have seen this."),
        "{first}"
    );
    assert!(!first.contains("<form"), "{first}");
    // Again, by the back button, by an old tab, or by looking.
    assert_eq!(page(&reached.presses(&link, &[]).await, 200), first);
    assert_eq!(page(&reached.looks(&link).await, 200), first);
    assert_eq!(reached.count("seen").await, 1);
    let said = &reached.timeline().await;
    let said = said.iter().find(|one| one["kind"] == "seen").expect("it");
    assert_eq!(said["text"], "Dana Whitlock has seen this");
    assert_eq!(
        (&said["who"], &said["door"]),
        (&json!("Dana Whitlock"), &json!("web"))
    );

    let who = reached.agency.json("who INC-0001").await;
    assert_eq!(who["seen"]["words"], "Seen by the one who was asked");
    let status = reached.agency.json("status INC-0001").await;
    assert_eq!(status["seen"], who["seen"]);
    // A revision that a prompt showed is still the one that holds.
    assert_eq!(status["revision"], 1);
    let verified = reached.agency.json("verify INC-0001").await;
    assert_eq!(verified[0]["intact"], true, "{verified}");
}

#[tokio::test]
async fn many_presses_at_once_are_one_answer() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let link = reached.link_of("dana.whitlock");
    let presses = (0..8).map(|_| reached.presses(&link, &[]));
    for answer in futures_util::future::join_all(presses).await {
        assert!(page(&answer, 200).contains("you have seen this."));
    }
    assert_eq!(reached.count("seen").await, 1);
}

#[tokio::test]
async fn whoever_heard_it_by_telephone_may_record_it_and_nobody_twice() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let done = reached
        .agency
        .done("seen INC-0001 dana-whitlock --json")
        .await;
    assert!(
        done.out
            .contains("Recorded that Dana Whitlock has seen this"),
        "{done:?}"
    );
    let twice = reached.agency.oyez("seen INC-0001 dana-whitlock").await;
    assert!(twice.err.contains("Dana Whitlock said so at "), "{twice:?}");
    let other = reached.agency.oyez("seen INC-0001 tom-okafor").await;
    assert!(other.err.contains("Tom Okafor was not asked"), "{other:?}");
    let link = reached.link_of("dana.whitlock");
    let answer = reached.presses(&link, &[]).await;
    assert!(page(&answer, 200).contains("you have seen this."));
    assert_eq!(reached.count("seen").await, 1);
}

#[tokio::test]
async fn a_change_of_priority_asks_anew() {
    let asking = policy().replace(
        "says = \"P2 tells service owners\"\n",
        "says = \"P2 tells service owners\"\nacknowledge = true\n",
    );
    let reached = Reached::with(asking).await;
    reached.declare("").await;
    let first = reached.link_of("dana.whitlock");
    reached.presses(&first, &[]).await;
    reached
        .agency
        .done("priority INC-0001 P2 --why 'Half can sign in.' --yes")
        .await;
    deliver(&reached.api.app).await;
    let second = reached.link_of("dana.whitlock");
    assert_ne!(first, second);
    // Either link leads to what is asked now.
    for link in [&first, &second] {
        let answer = reached.looks(link).await;
        let text = page(&answer, 200);
        assert!(
            text.contains("Have you seen this?") && text.contains("P2"),
            "{text}"
        );
    }
    reached.presses(&first, &[]).await;
    let answer = reached.looks(&second).await;
    assert!(page(&answer, 200).contains("you have seen this."));
    assert_eq!(reached.count("seen").await, 2);
}

#[tokio::test]
async fn people_outside_read_what_they_may_and_hostile_words_stay_words() {
    let asking = policy().replace(
        "says = \"P1 tells lead providers of affected services\"\n",
        "says = \"P1 tells lead providers of affected services\"\nacknowledge = true\n",
    );
    let reached = Reached::with(asking).await;
    let title = "\"><img src=x onerror=alert(1) & more";
    let declare = format!(
        "declare --title '{title}' --priority P1 --service register-trainees \
         --effect 'Sign-in fails.' --theory 'The certificate ran out.' --yes"
    );
    reached.agency.json(&declare).await;
    deliver(&reached.api.app).await;
    let links = reached.links();
    let outside: Vec<_> = links
        .iter()
        .filter(|(mailbox, _)| !mailbox.ends_with("@northshire.example"))
        .collect();
    assert!(outside.len() > 3, "{links:?}");
    for (mailbox, link) in outside {
        let answer = reached.looks(link).await;
        let text = page(&answer, 200);
        assert!(
            text.contains("&quot;&gt;&lt;img") && text.contains("&amp; more"),
            "{text}"
        );
        assert!(!text.contains("<img"), "{text}");
        assert!(
            !text.contains("certificate") && !text.contains("P1"),
            "{text}"
        );
        assert!(!text.contains(mailbox.as_str()), "{text}");
        let answer = reached.presses(link, &[]).await;
        assert!(page(&answer, 200).contains("you have seen this."));
    }
}

#[tokio::test]
async fn without_an_address_outside_mails_say_to_reply_and_the_doctor_says_why() {
    let agency = crate::support::agency::Agency::open().await;
    agency.declare("").await;
    let to_dana = |taken: &&crate::support::smtp::Taken| taken.to[0].starts_with("dana.whitlock@");
    let taken = agency.mail.taken();
    let mail = taken.iter().find(to_dana).expect("a mail to Dana");
    let mail = mailparse::parse_mail(&mail.bytes).expect("a mail");
    let text = super::body(&mail, 0);
    assert!(
        text.contains("Tell us that you have seen this: reply to this email."),
        "{text}"
    );
    assert!(!text.contains("/a/"), "{text}");
    let doctor = agency.oyez("doctor").await;
    assert!(doctor.out.contains("Set server.public_url"), "{doctor:?}");
}
