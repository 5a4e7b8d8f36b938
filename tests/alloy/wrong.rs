//! Flags that do not go together.

use crate::support::Monconf;

#[test]
fn wrong_flags_are_refused_with_what_to_do() {
    let write = "--remote-write=http://x/";
    for (arguments, expected) in [
        (
            &[][..],
            "it is not said where samples are sent\nhint: add --remote-write URL, or --forward-to RECEIVER",
        ),
        (
            &[write, "--forward-to", "a.b"],
            "two places for the same samples",
        ),
        (
            &["--forward-to", "a-b.c"],
            "--forward-to \"a-b.c\" is no name of a receiver",
        ),
        (
            &[write, "--token-from", "air"],
            "there is no token from \"air\"\nhint: --token-from is pod, secret, mount or files",
        ),
        (
            &[write, "--token-from", "files"],
            "it is not said where they are to be",
        ),
        (
            &[write, "--token-from", "pod", "--token-dir", "x"],
            "--token-dir is about files, and --token-from pod uses none",
        ),
        (
            &[write, "--format", "operator"],
            "there is no format \"operator\" for Alloy",
        ),
        (
            &[write, "--configmap", "elsewhere/x:y"],
            "is not one that Alloy's configuration can be in",
        ),
        (
            &[write, "--configmap", "x:y", "--config", "z"],
            "name two places for the same jobs",
        ),
        (
            &[
                write,
                "--config",
                "z.alloy",
                "--api-server",
                "https://x",
                "--remote-write-basic-auth",
                "creds",
            ],
            "whoever reads this configuration cannot read that",
        ),
        (
            &[write, "--config", "z.alloy"],
            "--offline with files needs the address of the API server",
        ),
        (
            &[write, "--attach", "x"],
            "--attach is not for Alloy\nhint: it is for `monconf grafana-agent`",
        ),
    ] {
        let run = Monconf::new(["alloy", "--offline"])
            .args(arguments)
            .run()
            .exit(1);
        assert!(
            run.stderr.contains(expected),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}
