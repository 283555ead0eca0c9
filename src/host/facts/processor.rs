//! The processor, as programs find it; and the kernel's profiles for programs.

use super::parse::Read;

/// What programs may expect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processor {
    /// What it lacks of x86-64-v2, by the kernel's names; unknown on other architectures.
    pub lacks: Option<Vec<String>>,
    /// Bytes of a page of memory; unknown on amd64, where it is always the same.
    pub page_size: Option<u64>,
    /// Whether `AppArmor` is on; unknown in containers, which have their machine's.
    pub apparmor: Option<AppArmor>,
}

/// `AppArmor`, as the kernel has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppArmor {
    /// It is off.
    Off,
    /// It is on, and its tool `apparmor_parser` is there.
    Tool,
    /// It is on, and its tool is not there.
    Alone,
}

impl Processor {
    pub(super) fn read(read: &Read) -> Self {
        let apparmor = |word: String| match word.as_str() {
            "off" => Some(AppArmor::Off),
            "tool" => Some(AppArmor::Tool),
            "alone" => Some(AppArmor::Alone),
            _ => None,
        };
        Self {
            lacks: read.texts("cpu_lacks"),
            page_size: read.number("page_size"),
            apparmor: read.text("apparmor").and_then(apparmor),
        }
    }
}
