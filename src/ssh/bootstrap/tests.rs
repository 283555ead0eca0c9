use std::process::Command;

use super::*;

#[test]
fn scripts_keep_their_meaning_without_comments() {
    for script in [include_str!("../loop.sh"), include_str!("../stop.sh")] {
        let compact = compact(script);
        assert!(!compact.contains("\n#") && compact.len() < 2200, "{} bytes", compact.len());
        for shell in ["sh", "bash"] {
            let output = Command::new(shell).args(["-n", "-c", &compact]).output().unwrap();
            assert!(
                output.status.success(),
                "{shell}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

#[test]
fn refusals_of_sudo_are_told_apart() {
    let cases = [
        ("sudo: a password is required", false, SudoProblem::PasswordNeeded),
        ("Sorry, try again.; sudo: no password was provided", true, SudoProblem::WrongPassword),
        ("sudo: 1 incorrect password attempt", true, SudoProblem::WrongPassword),
        ("sudo: sorry, you must have a tty to run sudo", false, SudoProblem::RequireTty),
        ("env: 'sudo': No such file or directory", false, SudoProblem::Missing),
        ("", true, SudoProblem::Other("it ended without a word".into())),
    ];
    for (said, answered, expected) in cases {
        assert_eq!(sudo_problem(said, answered), expected, "{said}");
    }
    let not_allowed = sudo_problem("ann is not in the sudoers file.", true);
    assert!(matches!(not_allowed, SudoProblem::NotAllowed(_)));
}
