//! The package with which Teams installs the app: a manifest and two icons, zipped.

use std::io::{self, Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

/// The colour behind the ring.
const BLUE: [u8; 4] = [0x1d, 0x4f, 0x91, 0xff];
const WHITE: [u8; 4] = [0xff; 4];
const NOTHING: [u8; 4] = [0; 4];

/// The zip, the same for the same manifest.
///
/// # Errors
/// When it cannot be put together, which memory alone can prevent.
pub fn teams(manifest: &str) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let files = [
        ("manifest.json", manifest.as_bytes().to_vec()),
        ("color.png", icon(192, BLUE)?),
        ("outline.png", icon(32, NOTHING)?),
    ];
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// A white ring, the O that the crier's call begins with, on a ground of this colour.
fn icon(size: u32, ground: [u8; 4]) -> io::Result<Vec<u8>> {
    let middle = f64::from(size) / 2.0;
    let (inner, outer) = (middle * 0.42, middle * 0.68);
    let mut pixels = Vec::with_capacity(4 * size as usize * size as usize);
    for y in 0..size {
        for x in 0..size {
            let from = |at: u32| f64::from(at) + 0.5 - middle;
            let distance = from(x).hypot(from(y));
            let is_ring = (inner..=outer).contains(&distance);
            pixels.extend(if is_ring { WHITE } else { ground });
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn the_package_holds_the_manifest_and_icons_of_the_right_size() {
        let package = teams("{}").unwrap();
        let mut zip = ZipArchive::new(Cursor::new(package)).unwrap();
        let mut read = |name: &str| {
            let mut bytes = Vec::new();
            zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(read("manifest.json"), b"{}");
        for (name, size) in [("color.png", 192), ("outline.png", 32)] {
            let mut reader = png::Decoder::new(Cursor::new(read(name)))
                .read_info()
                .unwrap();
            assert_eq!((reader.info().width, reader.info().height), (size, size));
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            let middle = 4 * (size as usize * size as usize / 2 + size as usize / 2);
            let ring = 4 * (size as usize * (size as usize / 2) + size as usize / 4);
            assert_ne!(pixels[middle..middle + 4], WHITE, "{name}");
            assert_eq!(pixels[ring..ring + 4], WHITE, "{name}");
        }
    }
}
