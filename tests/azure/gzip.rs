//! A gzip member of stored blocks: nothing is made smaller, but it is what a client must unpack.

/// `content` as a gzip stream (RFC 1952, blocks of RFC 1951 that store).
pub fn gzip(content: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 65_535;
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = content.chunks(LONGEST).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("a block is short");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32(content).to_le_bytes());
    // The length counts modulo 2^32.
    #[allow(clippy::cast_possible_truncation)]
    out.extend((content.len() as u32).to_le_bytes());
    out
}

fn crc32(content: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in content {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
