//! Names in commands are data: whatever a name holds, a POSIX shell takes it as one word, and the program as a value and no option.
//! Never carries anything out.

/// One word for `sh`, `bash` and `zsh`; `None`: it holds control characters or marks that turn text around, and what a person copies from
/// a page would not be what was written.
pub fn shell_quote(text: &str) -> Option<String> {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    if text.contains(is_hidden) {
        return None;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+:,./-".contains(c);
    // `~` and `=` are left out on purpose: shells act on both at the beginning of a word.
    if !text.is_empty() && text.chars().all(is_plain) {
        return Some(text.to_string());
    }
    Some(format!("'{}'", text.replace('\'', "'\\''")))
}

/// A command: its own words, then flags with their values. A value that begins with `-` is joined to its flag with `=`, or it would be
/// read as an option.
pub fn command_line(
    program: &[&'static str],
    arguments: &[(&'static str, Option<&str>)],
) -> Option<String> {
    let mut line = program.join(" ");
    for (flag, value) in arguments {
        line.push(' ');
        line.push_str(flag);
        if let Some(value) = value {
            line.push(if value.starts_with('-') { '=' } else { ' ' });
            line.push_str(&shell_quote(value)?);
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Names as somebody may give them to do harm.
    const HOSTILE: &[&str] = &[
        "", "prod", "a b", "a'b", "a\"b", "a`id`b", "$(id)", "${HOME}", "a;id", "a&&id", "a|id",
        "a>b", "~root", "=ls", "*", "?", "[a]", "{a,b}", "!!", "#x", "\\", "a\\'b", "''", "-rf",
        "--name", "%s", "é漢",
    ];

    #[test]
    fn a_shell_takes_each_name_as_one_word() {
        for name in HOSTILE {
            let quoted = shell_quote(name).unwrap();
            let output = Command::new("sh")
                .arg("-c")
                .arg(format!("printf '<%s>' {quoted}"))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("<{name}>"));
            assert!(output.stderr.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_name_is_never_an_option() {
        for name in HOSTILE {
            let line = command_line(&["set", "--"], &[("--name", Some(name)), ("--yes", None)]);
            let line = format!("{}; printf '<%s>' \"$@\"", line.unwrap());
            let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
            let expected = if name.starts_with('-') {
                format!("<--name={name}><--yes>")
            } else {
                format!("<--name><{name}><--yes>")
            };
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_printed() {
        for name in [
            "a\nid",
            "a\rid",
            "\u{1b}[2J",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\0b",
        ] {
            assert_eq!(shell_quote(name), None, "{name:?}");
        }
    }
}
