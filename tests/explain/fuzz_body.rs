//! What has to hold for any bytes at all; run here on mangled texts, and by the fuzz target on whatever it finds.

use monconf::verify::diagnosis::{Answerer, Cause, explain, report};

/// Whatever is pasted: each cause has its code, sentence and remedy, and the report is that of the findings.
pub(crate) fn explained(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let findings = explain(&text);
    for finding in &findings {
        let cause = &finding.cause;
        assert!(Cause::CODES.contains(&cause.code()), "{cause:?}");
        assert!(cause.sentence().ends_with('.'), "{cause:?}");
        assert!(
            cause.fix().is_some_and(|fix| fix.ends_with('\n')),
            "{cause:?}"
        );
        assert!(finding.count > 0);
    }
    let report = report(&findings);
    assert_eq!(report["recognised"], !findings.is_empty());
    for status in [200, 401, 403, 500] {
        let _ = Cause::of_answer(status, &text, Answerer::Other);
    }
    let _ = Cause::of_token_review(&text, None);
}
