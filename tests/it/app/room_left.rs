//! Descriptors that run short are a fault that everybody who watches can see.

use oyez::process::descriptors::Descriptors;

use super::Agency;

#[tokio::test]
async fn descriptors_that_run_short_are_a_fault_until_there_are_enough_again() {
    for agency in Agency::all(str::to_owned).await {
        let app = &agency.app;
        let with = |open| Descriptors {
            limit: 1_000,
            open: Some(open),
        };
        let said = app.look_at_descriptors(with(100), None).await.unwrap();
        assert!(app.readiness().await.unwrap().is_empty());
        let said = app
            .look_at_descriptors(with(900), Some(said))
            .await
            .unwrap();
        let notices = app.readiness().await.unwrap();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(
            notices[0].starts_with("The server has 900 of 1000 descriptors open."),
            "{notices:?}"
        );
        let said = app
            .look_at_descriptors(with(100), Some(said))
            .await
            .unwrap();
        assert!(!said);
        assert!(app.readiness().await.unwrap().is_empty());
    }
}
