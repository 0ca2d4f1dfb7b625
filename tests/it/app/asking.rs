//! "Are you affected?", from the question to the answer.

use oyez::domain::{command::Command, event::AffectedAnswer, notification::Moment};

use super::Agency;

#[tokio::test]
async fn each_neighbour_is_asked_about_itself_and_its_answer_is_kept() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        agency.deliver().await;
        let before = agency.mail.count();
        let ask = Command::Ask {
            services: Default::default(),
        };
        let receipt = agency.change(id, ask.clone(), "priya-shah").await.unwrap();
        assert!(receipt.messages > 0);
        agency.deliver().await;
        let sent = agency.mail.sent();
        assert!(
            sent[before..]
                .iter()
                .all(|mail| mail.moment == Moment::AreYouAffected)
        );
        assert_eq!(sent.len() - before, receipt.messages);

        let status = agency.app.status(id).await.unwrap();
        let asked: Vec<String> = status.affected.keys().cloned().collect();
        assert!(!asked.is_empty() && status.affected.values().all(|it| it == "asked"));
        assert_eq!(receipt.notifications.len(), asked.len());
        let again = agency.change(id, ask, "priya-shah").await.unwrap_err();
        assert_eq!(again.code, "nobody-to-ask");

        let yes = Command::Affected {
            service: asked[0].parse().unwrap(),
            answer: AffectedAnswer::Yes,
        };
        let answered = agency.change(id, yes, "tom-okafor").await.unwrap();
        let offer = format!("oyez services {id} --service {}", asked[0]);
        assert!(
            answered.sentences.iter().any(|it| it.contains(&offer)),
            "{answered:?}"
        );
        let status = agency.app.status(id).await.unwrap();
        assert_eq!(status.affected[&asked[0]], "yes");
    }
}
