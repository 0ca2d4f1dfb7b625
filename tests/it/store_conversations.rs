//! Where bots were met: learned, learned anew, forgotten.

use oyez::{
    domain::{Address, ChannelName, channel::Conversation},
    store::conversations::{find, forget, learn, members},
};

use crate::support::{database::databases, outbox::start};

fn conversation(id: &str) -> Conversation {
    Conversation {
        id: id.to_owned(),
        service_url: "https://smba.trafficmanager.net/emea".to_owned(),
        kind: "personal".to_owned(),
        member: None,
    }
}

#[tokio::test]
async fn the_last_that_was_learned_holds_until_it_is_forgotten() {
    for db in databases().await {
        let (read, write) = (db.store.read(), db.store.write());
        let [teams, slack]: [ChannelName; 2] = ["teams", "slack"].map(|it| it.parse().unwrap());
        let priya = Address::new("11111111-2222-4333-8444-555555555501");
        let at = (&teams, &priya);
        assert_eq!(find(read, &teams, &priya).await.unwrap(), None);
        for id in ["a:1", "a:2"] {
            learn(write, at, &conversation(id), start()).await.unwrap();
        }
        let known = find(read, &teams, &priya).await.unwrap();
        assert_eq!(known, Some(conversation("a:2")));
        assert_eq!(find(read, &slack, &priya).await.unwrap(), None);

        // Who they are to the other side, as far as that was said.
        let named = Conversation {
            member: Some("29:1priya".to_owned()),
            ..conversation("a:2")
        };
        let all = [priya.clone(), Address::new("somebody-else")];
        assert!(members(read, &teams, &all).await.unwrap().is_empty());
        learn(write, at, &named, start()).await.unwrap();
        assert_eq!(members(read, &teams, &all).await.unwrap(), ["29:1priya"]);
        assert!(members(read, &slack, &all).await.unwrap().is_empty());
        assert!(members(read, &teams, &[]).await.unwrap().is_empty());

        // Somebody has learned better since.
        forget(write, at, "a:1").await.unwrap();
        assert!(find(read, &teams, &priya).await.unwrap().is_some());
        forget(write, at, "a:2").await.unwrap();
        assert_eq!(find(read, &teams, &priya).await.unwrap(), None);
    }
}
