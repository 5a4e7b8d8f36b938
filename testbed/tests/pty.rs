//! Programs that ask on a terminal.

use std::process::Command;

use testbed::pty;

#[test]
fn talks_with_a_program() {
    let script = r#"[ -t 0 ] && [ -t 1 ] && [ -t 2 ] || exit 9
printf 'Apply? [y/N] '; read -r answer; echo "got $answer $A $B"; cat; exit 3"#;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .env_clear()
        .env("A", "a=b")
        .env("PATH", "/usr/bin:/bin");
    let (code, transcript) = pty::run(&command, |terminal| {
        terminal.expect("[y/N] ");
        terminal.send_line("yes");
        terminal.expect("got yes a=b \n");
        terminal.send_eof();
    });
    assert_eq!(
        (code, transcript.as_str()),
        (3, "Apply? [y/N] yes\ngot yes a=b \n")
    );
}

#[test]
fn interrupts_a_program() {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        // No `read`: a shell that is interrupted just before it waits for a line goes on waiting.
        "trap 'echo caught; exit 130' INT; echo ready; while :; do sleep 0.1; done",
    ]);
    let (code, transcript) = pty::run(&command, |terminal| {
        terminal.expect("ready");
        terminal.send_interrupt();
    });
    assert_eq!(code, 130, "{transcript}");
    assert!(transcript.contains("caught"), "{transcript}");
}
