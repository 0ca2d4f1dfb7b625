//! Tests of the parts together, in one binary. One file per behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what went wrong by failing there"
)]

mod api_health;
mod api_hostile;
mod api_keys;
mod api_matrix;
mod api_requests;
mod api_stream;
mod app;
mod architecture;
mod channel_contract;
mod channel_email;
mod channel_notify_sms;
mod channel_slack;
mod channel_teams;
mod channel_teams_slack_webhook;
mod chat_cards;
mod chat_slack;
mod chat_slack_events;
mod chat_slack_rooms;
mod chat_slack_views;
mod chat_teams;
mod chat_teams_cards;
mod chat_teams_dialogs;
mod chat_teams_met;
mod chat_teams_own_view;
mod chat_teams_people;
mod chat_teams_trouble;
mod cli_keys;
mod cli_looking;
mod cli_refusals;
mod cli_story;
mod cli_terminal;
mod cli_trouble;
mod cli_upkeep;
mod correcting;
mod directory_import;
mod doctor;
mod echoes;
mod engine;
mod faults;
mod http_client;
mod json_page;
mod outbox_history;
mod outbox_hold;
mod outbox_machine;
mod outbox_store;
mod outbox_unread;
mod pages;
mod policies;
mod policy_and_directory;
mod private_files;
mod proof;
mod recipients_of_before;
mod resolution_oracle;
mod restricted;
mod scale;
mod second_person;
mod secrets_shown;
mod simulators;
mod starting;
mod store_conversations;
mod store_directory;
mod store_incidents;
mod store_requests;
mod store_rooms;
mod store_running;
mod store_schema;
mod store_silence;
mod store_timers;
mod store_trouble;
mod support;
mod times_from_outside;
mod typed_times;
mod words;
