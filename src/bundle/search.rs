//! Looks for a version in a program, piece by piece.

use memchr::memmem::Finder;

/// Looks for a text that is not followed by a digit, so that `v1.20.2` is not found in `v1.20.20`.
pub(super) struct Search<'a> {
    finder: Finder<'a>,
    /// The end of what was seen, where the text may have begun.
    tail: Vec<u8>,
    found: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { finder: Finder::new(text), tail: Vec::new(), found: false }
    }

    pub(super) fn update(&mut self, chunk: &[u8]) {
        if self.found {
            return;
        }
        let length = self.finder.needle().len();
        // A text across the border, and the byte behind it.
        let seam = [&self.tail, &chunk[..chunk.len().min(length + 1)]].concat();
        self.found = self.occurs(&seam) || self.occurs(chunk);
        let seen = if chunk.len() > length { chunk } else { &seam };
        self.tail = seen[seen.len().saturating_sub(length)..].to_vec();
    }

    /// Whether the text occurred. At the very end no digit can follow it.
    pub(super) fn finish(self) -> bool {
        self.found || (self.tail == self.finder.needle())
    }

    /// A text whose next byte is not there yet does not count.
    fn occurs(&self, bytes: &[u8]) -> bool {
        let length = self.finder.needle().len();
        self.finder
            .find_iter(bytes)
            .any(|at| bytes.get(at + length).is_some_and(|next| !next.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches in pieces of every size.
    fn finds(text: &str) -> bool {
        let results: Vec<_> = (1..=text.len())
            .map(|size| {
                let mut search = Search::new("v1.20.2");
                text.as_bytes().chunks(size).for_each(|chunk| search.update(chunk));
                search.finish()
            })
            .collect();
        assert!(results.iter().all(|found| *found == results[0]), "{text}: {results:?}");
        results[0]
    }

    #[test]
    fn a_version_is_found_across_borders() {
        for text in
            ["v1.20.2", "v1.20.2\0", "gitVersion=v1.20.2+k3s1", "v1.20.20 v1.20.2,", "vv1.20.2"]
        {
            assert!(finds(text), "{text}");
        }
        for text in ["v1.20.20", "v1.20.3", "1.20.2", "v1.20.", "v1.20.2v1.20.20".get(7..).unwrap()]
        {
            assert!(!finds(text), "{text}");
        }
    }
}
