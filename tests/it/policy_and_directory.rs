//! The policy in force and the directory are changed apart: whatever does not fit is said.

use std::{fs, path::Path};

use oyez::app::{ErrorKind, Surroundings};

use crate::support::{
    at,
    database::databases,
    program::{DIRECTORY, POLICY, Program, operator},
};

const NOW: &str = "2026-11-23T13:20:00Z";

/// The policy of the organisation with a rule that names what only it knows.
fn naming(target: &str) -> String {
    format!(
        "{POLICY}\n[[rules]]\nid = \"p3-extra\"\nsays = \"P3 tells one more\"\n\
         when = {{ priority = \"P3\" }}\ntell = [\"{target}\"]\naudience = \"responders\"\n\
         by = {{ all = [\"email\"] }}\n"
    )
}

#[tokio::test]
async fn a_policy_may_name_what_is_not_there_only_while_nothing_is_there() {
    for db in databases().await {
        let program = Program::empty(db, at(NOW));
        let policy = naming("person:dana-whitlok");
        program.put_in_force(&policy).await;
        let findings = program.app.check_rules(None).await.unwrap();
        assert_eq!(
            findings,
            ["The directory is empty, so no rule reaches anybody. Run: oyez directory import FILE"]
        );

        // The import says it, and does not refuse: the directory is right, the policy is not.
        let file = program.db.folder.path().join("directory.yaml");
        fs::write(&file, DIRECTORY).unwrap();
        let plan = program.app.plan_import(&[file], false).await.unwrap();
        let dangling = "There is no person \"dana-whitlok\" in the directory. Did you mean \
                        dana-whitlock?";
        let said: Vec<&String> = plan
            .warnings
            .iter()
            .filter(|warning| warning.contains("policy in force"))
            .collect();
        assert_eq!(said.len(), 1, "{:?}", plan.warnings);
        assert!(said[0].contains(dangling), "{said:?}");
        let save = program.app.save_import(plan.token, |_, _| {});
        save.await.unwrap();

        // So does every check from now on.
        let findings = program.app.check_rules(None).await.unwrap();
        assert!(findings[0].contains(dangling), "{findings:?}");
        assert!(findings[0].contains("Rule p3-extra"), "{findings:?}");
        let around = Surroundings {
            settings: &[],
            off: &[].into(),
            practice: false,
            policy_file: None,
            listen: ([127, 0, 0, 1], 8080).into(),
            public_url: None,
            capture_dir: Path::new("captures"),
            slack: None,
        };
        let examined = program.app.examine(&around).await;
        assert!(
            examined
                .iter()
                .any(|finding| finding.grade == "WARN" && finding.sentence.contains(dangling)),
            "{examined:?}"
        );

        // And from now on no policy like it is put in force.
        let (by, before) = (operator(), program.app.policy_text().await.unwrap());
        let policy = naming("group:no-such-group");
        let refused = program.app.apply_policy_text(&policy, &by, None, false);
        let refused = refused.await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Refused);
        assert_eq!(refused.faults.len(), 1, "{refused:?}");
        assert_eq!(program.app.policy_text().await.unwrap(), before);
    }
}

#[tokio::test]
async fn removing_whom_a_rule_names_is_told_before_it_is_saved() {
    for db in databases().await {
        let program = Program::northshire(db, at(NOW)).await;
        program.put_in_force(&naming("person:dana-whitlock")).await;
        let file = program.db.folder.path().join("people.csv");
        fs::write(&file, "id\npriya-shah\n").unwrap();
        let plan = program.app.plan_import(&[file], true).await.unwrap();
        let dangling = "There is no person \"dana-whitlock\" in the directory.";
        assert!(
            plan.warnings.iter().any(|it| it.contains(dangling)),
            "{:?}",
            plan.warnings
        );
        // A directory that fits says nothing of the policy.
        let file = program.db.folder.path().join("people.csv");
        fs::write(&file, "id,name\nnew-person,New Person\n").unwrap();
        let plan = program.app.plan_import(&[file], false).await.unwrap();
        assert!(
            !plan
                .warnings
                .iter()
                .any(|it| it.contains("policy in force")),
            "{:?}",
            plan.warnings
        );
    }
}
