use super::*;

const MARKER: &str = "c0ffee 7 ";

/// Pushes `stream` in pieces of every given size and expects the same result each time.
fn scan(stream: &[u8], expected: &[u8], status: Option<i32>) {
    for size in [1, 2, 3, 5, 8, 13, stream.len().max(1)] {
        let mut scan = Scan::new(MARKER, Kept::first(1 << 20), None);
        for piece in stream.chunks(size) {
            scan.push(piece);
        }
        assert_eq!(scan.status(), status, "in pieces of {size}");
        assert_eq!(scan.finish(), (expected.to_vec(), 0), "in pieces of {size}");
    }
}

#[test]
fn the_marker_ends_output_of_any_bytes() {
    scan(b"c0ffee 7 0\n", b"", Some(0));
    scan(b"out\nc0ffee 7 0\n", b"out\n", Some(0));
    scan(b"no line breakc0ffee 7 143\n", b"no line break", Some(143));
    scan(b"\0\xff\xfe\r\nc0ffee 7 2\nlate", b"\0\xff\xfe\r\n", Some(2));
}

#[test]
fn what_only_looks_like_the_marker_is_output() {
    scan(b"c0ffec0ffee 7 1\n", b"c0ffe", Some(1));
    scan(b"c0ffee 8 0\nc0ffee 7 x\nc0ffee 7 0\n", b"c0ffee 8 0\nc0ffee 7 x\n", Some(0));
    scan(b"c0ffee 7 1234\nc0c0ffee 7 0\n", b"c0ffee 7 1234\nc0", Some(0));
    scan(b"c0ffee 7 \nc0ffee 7 255\n", b"c0ffee 7 \n", Some(255));
}

#[test]
fn an_unfinished_marker_is_held_back() {
    let mut scan = Scan::new(MARKER, Kept::first(100), None);
    scan.push(b"abc0ffee 7 0");
    assert_eq!(scan.status(), None);
    scan.push(b"\n");
    assert_eq!((scan.status(), scan.finish()), (Some(0), (b"ab".to_vec(), 0)));
}

#[test]
fn the_beginning_of_stdout_and_the_end_of_stderr_are_kept() {
    let mut first = Kept::first(4);
    let mut last = Kept::last(4);
    for piece in ["ab", "cde", "", "fghijklmn", "o"] {
        first.push(piece.as_bytes());
        last.push(piece.as_bytes());
    }
    assert_eq!(first.finish(), (b"abcd".to_vec(), 11));
    assert_eq!(last.finish(), (b"lmno".to_vec(), 11));
}

#[test]
fn lines_come_whole_and_endless_ones_in_pieces() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut scan = Scan::new(MARKER, Kept::first(0), Some(sender));
    scan.push(b"one\ntw");
    scan.push(b"o\n\nbad \xff");
    scan.push(&vec![b'x'; LONGEST_LINE + 10]);
    scan.push(b"c0ffee 7 0\n");
    let mut lines = Vec::new();
    while let Ok(line) = receiver.try_recv() {
        lines.push(line);
    }
    assert_eq!(lines[..3], ["one", "two", ""]);
    assert!(lines[3].starts_with("bad \u{fffd}xxx"));
    assert_eq!(lines.len(), 5, "the endless line in two pieces");
    assert!(lines[3..].iter().all(|line| line.len() <= LONGEST_LINE + 8));
}

#[test]
fn of_a_flood_the_beginning_and_the_end_are_passed_on_and_the_rest_is_counted() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut scan = Scan::new(MARKER, Kept::first(0), Some(sender));
    let flood = b"flood!\n".repeat(1000);
    for _ in 0..1000 {
        scan.push(&flood);
    }
    scan.push(b"the end\nc0ffee 7 0\n");
    let mut lines = Vec::new();
    while let Ok(line) = receiver.try_recv() {
        lines.push(line);
    }
    assert_eq!(lines.last().map(String::as_str), Some("the end"));
    let notice = lines.iter().find(|line| line.contains("left out here")).unwrap();
    let left_out: usize =
        notice.trim_start_matches('[').split(' ').next().unwrap().parse().unwrap();
    let bytes: usize = lines.iter().filter(|line| *line != notice).map(|line| line.len() + 1).sum();
    // A line that was cut in two is two.
    assert!((7_000_008..7_000_012).contains(&(bytes + left_out)), "{bytes} + {left_out}");
    assert!(bytes + lines.len() * COST_OF_LINE < 2 * (FIRST_LINES + LAST_LINES), "{bytes}");

    // What is not much more than the beginning is whole.
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut scan = Scan::new(MARKER, Kept::first(0), Some(sender));
    scan.push(&b"flood!\n".repeat(FIRST_LINES / (7 + COST_OF_LINE) + 1000));
    scan.push(b"c0ffee 7 0\n");
    let mut count = 0;
    while let Ok(line) = receiver.try_recv() {
        assert_eq!(line, "flood!");
        count += 1;
    }
    assert_eq!(count, FIRST_LINES / (7 + COST_OF_LINE) + 1000);
}
