//! Addresses are secrets and lead nowhere private.

use oyez::domain::{Address, delivery::Class};

use super::{SECRET, bench, http_channels};

#[test]
fn a_lane_and_a_wrong_address_do_not_show_the_secret() {
    for name in http_channels() {
        let bench = bench(&name, "http://127.0.0.1:9");
        let lane = bench.channel.lane(&bench.letter.address);
        assert!(
            !lane.contains(SECRET) && !lane.contains("127.0.0.1"),
            "{lane}"
        );
        assert_eq!(lane, bench.channel.lane(&bench.letter.address));
        for wrong in [
            "",
            "not an address",
            "ftp://s3cr3t.example/",
            "https://user:s3cr3t@host.example/",
            "https://10.0.0.1/s3cr3t",
            "https://[::1]/s3cr3t",
            "https://0x0a.1/s3cr3t",
        ] {
            let Err(sentence) = bench.channel.check_address(wrong) else {
                panic!("{name} takes {wrong:?}");
            };
            assert!(!sentence.contains(SECRET), "{name}: {sentence}");
        }
    }
}

#[test]
fn an_address_that_was_checked_stays_the_same_when_checked_again() {
    for name in http_channels() {
        let bench = bench(&name, "http://127.0.0.1:9");
        let again = bench
            .channel
            .check_address(bench.letter.address.as_str())
            .unwrap();
        assert_eq!(again.as_str(), bench.letter.address.as_str(), "{name}");
        assert!(!format!("{:?}", bench.letter.address).contains(SECRET));
    }
}

#[tokio::test]
async fn nothing_private_is_called_even_if_the_address_came_past_the_check() {
    for name in http_channels() {
        let mut bench = bench(&name, "http://127.0.0.1:9");
        if bench.letter.address.as_str().contains("://") {
            bench.letter.address = Address::new("https://169.254.169.254/s3cr3t");
            let outcome = bench.send().await;
            assert_eq!(outcome.class, Class::BadDestination, "{name}");
            assert!(
                outcome.sentence.contains("http.allow_private"),
                "{}",
                outcome.sentence
            );
        }
    }
}
