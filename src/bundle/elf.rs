//! What a program is made for, by its first bytes.

/// Bytes that [`sniff`] wants to see.
pub(super) const HEAD: usize = 20;

/// Architectures: Go's word, ELF class (1 is 32 bits), byte order (1 is little) and machine.
/// Numbers are from the System V ABI's `e_machine` list.
const ARCHITECTURES: &[(&str, u8, u8, u16)] = &[
    ("386", 1, 1, 3),
    ("amd64", 2, 1, 62),
    ("arm", 1, 1, 40),
    ("arm64", 2, 1, 183),
    ("ppc64le", 2, 1, 21),
    ("riscv64", 2, 1, 243),
    ("s390x", 2, 2, 22),
];

/// What a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// An ELF file for one of the known architectures.
    Elf(&'static str),
    /// An ELF file for machine number N.
    OtherElf(u16),
    /// A script, which runs anywhere.
    Script,
    /// Neither.
    Other,
}

/// Whether a bundle can be made for this architecture.
pub(super) fn is_known(arch: &str) -> bool {
    ARCHITECTURES.iter().any(|known| known.0 == arch)
}

/// The known architectures, for messages.
pub(super) fn known() -> String {
    let names: Vec<_> = ARCHITECTURES.iter().map(|known| format!("`{}`", known.0)).collect();
    names.join(", ")
}

/// Looks at the first [`HEAD`] bytes of a file.
pub(super) fn sniff(head: &[u8]) -> Program {
    if head.starts_with(b"#!") {
        return Program::Script;
    }
    let Some((&[0x7f, b'E', b'L', b'F', class, order], rest)) = head.split_first_chunk() else {
        return Program::Other;
    };
    let Some(&[low, high]) = rest.get(12..14) else { return Program::Other };
    let machine = match order {
        1 => u16::from_le_bytes([low, high]),
        2 => u16::from_be_bytes([low, high]),
        _ => return Program::Other,
    };
    ARCHITECTURES
        .iter()
        .find(|known| (known.1, known.2, known.3) == (class, order, machine))
        .map_or(Program::OtherElf(machine), |known| Program::Elf(known.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_apart() {
        let mut head = [0; HEAD];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        head[18] = 62;
        assert_eq!(sniff(&head), Program::Elf("amd64"));
        head[18] = 183;
        assert_eq!(sniff(&head), Program::Elf("arm64"));
        head[18] = 8;
        assert_eq!(sniff(&head), Program::OtherElf(8));
        assert_eq!(sniff(&head[..19]), Program::Other);
        assert_eq!(sniff(b"#!/bin/sh\n"), Program::Script);
        assert_eq!(sniff(b""), Program::Other);
        assert_eq!(sniff(b"<html>"), Program::Other);
    }

    #[test]
    fn this_test_is_a_program_for_this_machine() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        assert_eq!(sniff(&bytes[..HEAD]), Program::Elf(arch));
    }
}
