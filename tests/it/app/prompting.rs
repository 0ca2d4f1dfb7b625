//! What a lead reads who is asked for an update.

use super::Agency;
use oyez::domain::notification::Moment;

#[tokio::test]
async fn a_prompt_says_how_many_people_wait_for_news() {
    for agency in Agency::all(str::to_owned).await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        assert!(receipt.people > 2);
        agency.deliver().await;
        agency.pass(51 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        let sent = agency.mail.sent();
        let prompt = sent.iter().find(|mail| mail.moment == Moment::Prompt);
        let text = &prompt.unwrap().text;
        let words = format!("{} people", receipt.people);
        assert!(text.contains(&words), "{words}: {text}");
    }
}
