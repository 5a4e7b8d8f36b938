//! What differs between two runs of the same program, replaced by words.

use std::collections::HashMap;

use regex::{Captures, Regex};

/// Patterns and what stands for them, in the order in which they are replaced.
const RULES: [(&str, &str); 16] = [
    // A JSON Web Token, as it is and in base64.
    (
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
        "TOKEN",
    ),
    (r"\bZXlK[A-Za-z0-9+/]{60,}=*", "TOKEN"),
    // Certificates, as they are, within JSON strings, indented, and in base64.
    (
        r"(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\\n)?",
        "CA",
    ),
    (r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/]{60,}=*", "CA"),
    (r"\bsha256:[0-9a-f]{8,64}…?", "sha256:HASH"),
    (r"\bca [0-9a-f]{16}\b", "ca HASH"),
    // The length of what holds a certificate or a token, whose signatures differ in length.
    (r"\bnot shown: \d+ bytes\b", "not shown: N bytes"),
    // Times, days, and seconds since 1970; numbers of that size are nothing else in what monconf prints.
    (
        r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|[+-]\d\d:\d\d)?",
        "TIME",
    ),
    (r"\b20\d\d-\d\d-\d\d\b", "DAY"),
    (r"\b(1[7-9]|[2-4]\d)\d{8}(\.\d+)?\b", "EPOCH"),
    // How far away a time is: rounded, but 90 days are 89 a moment later.
    (r"\(in \d+[dhms]( ?\d+[hms])*\)", "(in SPAN)"),
    (r"\b\d+[dhms]( ?\d+[hms])* left\b", "SPAN left"),
    // How long something took.
    (r"\b\d+(\.\d+)? ms\b", "DURATION"),
    (r"\bin \d+\.\d+ s\b", "in DURATION"),
    (r#"("milliseconds": ?)\d+"#, "${1}DURATION"),
    // 0 asks for any version, which is a choice.
    (
        r#"("resourceVersion": ?"|\bresourceVersion=)[1-9]\d*"#,
        "${1}VERSION",
    ),
];

/// Replaces what is volatile.
pub(crate) struct Normaliser {
    words: Vec<(String, &'static str)>,
    rules: Vec<(Regex, &'static str)>,
    id: Regex,
}

impl Normaliser {
    /// `words` are what this run alone has, such as its folder, with what stands for them.
    pub(crate) fn new(words: &[(String, &'static str)]) -> Self {
        let regex = |pattern: &str| Regex::new(pattern).expect("a valid pattern");
        Self {
            words: words.to_vec(),
            rules: RULES.map(|(pattern, word)| (regex(pattern), word)).into(),
            id: regex(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
        }
    }

    /// `text` without what is volatile. Ids become `UID-1`, `UID-2` and so on, so that it can be seen which are the same.
    pub(crate) fn normalise(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.words {
            text = text.replace(from, to);
        }
        for (pattern, word) in &self.rules {
            text = pattern.replace_all(&text, *word).into_owned();
        }
        let mut ids: HashMap<String, usize> = HashMap::new();
        let number = |captures: &Captures<'_>| {
            let next = ids.len() + 1;
            let number = ids.entry(captures[0].to_owned()).or_insert(next);
            format!("UID-{number}")
        };
        self.id.replace_all(&text, number).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, Engine};

    const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjEyMzQ1Njc4OTB9.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIBdDCCARqgAwIBAgIUDYLC/fi5ZInJeivuBfgvc2VHBmAwCgYIKoZIzj0EAwIw\nGjEYMBYGA1UEAwwPbW9uY29uZi10ZXN0YmVkMCAXDTc1MDEwMTAwMDAwMFoYDzQw\n-----END CERTIFICATE-----\n";

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        let words = [
            ("/tmp/run/work".to_owned(), "/WORK"),
            ("/tmp/run".to_owned(), "/RUN"),
            (":43210".to_owned(), ":PORT"),
        ];
        assert_eq!(Normaliser::new(&words).normalise(text), expected, "{text}");
    }

    #[test]
    fn folders_and_ports_of_the_run() {
        becomes("cannot read /tmp/run/work/a.yml", "cannot read /WORK/a.yml");
        becomes("/tmp/run/control-plane-x", "/RUN/control-plane-x");
        becomes("https://127.0.0.1:43210/api", "https://127.0.0.1:PORT/api");
        becomes("https://127.0.0.1:6443", "https://127.0.0.1:6443");
    }

    #[test]
    fn tokens_and_certificates_in_every_spelling() {
        becomes(&format!("token: {TOKEN}\n"), "token: TOKEN\n");
        let stored = BASE64_STANDARD.encode(TOKEN);
        becomes(&format!("\"token\": \"{stored}\""), "\"token\": \"TOKEN\"");
        becomes(&format!("# mark\n{PEM}{PEM}"), "# mark\nCA\nCA\n");
        let indented = PEM.replace('\n', "\n    ");
        becomes(&format!("    {indented}"), "    CA\n    ");
        let json = serde_json::json!({"ca": PEM}).to_string();
        becomes(&json, "{\"ca\":\"CA\"}");
        let stored = BASE64_STANDARD.encode(PEM);
        becomes(&format!("ca.crt: {stored}"), "ca.crt: CA");
        becomes(
            "<certificate, sha256:3f9aa01c…>",
            "<certificate, sha256:HASH>",
        );
        becomes("ca 7a19bcec06c6f0d1: changes", "ca HASH: changes");
        becomes("<not shown: 717 bytes>", "<not shown: N bytes>");
    }

    #[test]
    fn times_and_how_far_away_they_are() {
        becomes("at 2026-12-01T03:08:51.123456Z", "at TIME");
        becomes("expires 2026-12-01 03:08 UTC.", "expires TIME.");
        becomes("2026-12-01 03:08:51 UTC", "TIME");
        becomes(
            "2026-12-01 03:08 (in 89d)  90d of 90d",
            "TIME (in SPAN)  90d of 90d",
        );
        becomes("token valid until 2027-02-28", "token valid until DAY");
        becomes("account, 89d left, 17 ms", "account, SPAN left, DURATION");
        becomes("monconf_token 1796094531", "monconf_token EPOCH");
        becomes("8 created in 0.12 s.", "8 created in DURATION.");
        becomes("{\"milliseconds\":779}", "{\"milliseconds\":DURATION}");
        becomes("\"milliseconds\": 7,", "\"milliseconds\": DURATION,");
    }

    #[test]
    fn ids_are_numbered_as_they_come() {
        let (one, two) = (
            "8a5f0b3e-6a52-4a3c-9d8e-2f6f3c1f7b11",
            "00000000-6a52-4a3c-9d8e-2f6f3c1f7b11",
        );
        becomes(&format!("{one} {two} {one}"), "UID-1 UID-2 UID-1");
    }

    #[test]
    fn what_a_flag_or_a_template_says_stays() {
        for text in [
            "new token, 90d asked",
            "revoked after 10m",
            "--overlap 0s --apply",
            "?resourceVersion=0",
            "monconf_token_requested_seconds 7776000",
            "the API server accepts 1048576",
            "10.0.0.7:10250",
            "did not answer within 2 s",
            "1 November 2025",
        ] {
            becomes(text, text);
        }
        becomes("?resourceVersion=123", "?resourceVersion=VERSION");
        becomes(
            "\"resourceVersion\": \"123\"",
            "\"resourceVersion\": \"VERSION\"",
        );
    }
}
