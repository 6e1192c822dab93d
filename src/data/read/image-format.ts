/*
 * What an image is, by its first bytes: a name may say anything, and the image library would also open what must not be
 * opened. SVG is a program: it draws, repeats and refers to other files.
 */

const formats: Readonly<Record<string, (bytes: Uint8Array) => boolean>> = {
  PNG: bytes => starts(bytes, '\x89PNG\r\n\x1a\n'),
  JPEG: bytes => starts(bytes, '\xff\xd8\xff'),
  WebP: bytes => starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8),
  GIF: bytes => starts(bytes, 'GIF87a') || starts(bytes, 'GIF89a'),
  // Both byte orders, and BigTIFF.
  TIFF: bytes => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some(magic => starts(bytes, magic)),
  AVIF: bytes => brands(bytes).some(brand => brand === 'avif' || brand === 'avis'),
  BMP: bytes => starts(bytes, 'BM'),
  HEIC: bytes => brands(bytes).some(brand => /^(he[iv][cxms]|mif1|msf1)$/.test(brand)),
  SVG: bytes => /^\s*(<\?xml|<!--|<!doctype|<svg)/i.test(latin1(bytes, 0, 256)),
  'JPEG XL': bytes => starts(bytes, '\xff\x0a') || starts(bytes, '\0\0\0\x0cJXL '),
  'JPEG 2000': bytes => starts(bytes, '\0\0\0\x0cjP  ') || starts(bytes, '\xff\x4f\xff\x51'),
  DICOM: bytes => starts(bytes, 'DICM', 128),
  PDF: bytes => starts(bytes, '%PDF'),
}

/** The formats that are read; `readableImages` names them in messages. */
const read: ReadonlySet<string> = new Set(['PNG', 'JPEG', 'WebP', 'GIF', 'TIFF', 'AVIF'])

/** What can be read, for messages. */
export const readableImages = 'PNG, JPEG, WebP, GIF, TIFF and AVIF'

const imageName = /\.(png|jpe?g|jpe|jfif|webp|gif|tiff?|avif)$/i

/** Is this the name of an image that can be read? */
export function isImage(name: string): boolean {
  return imageName.test(name)
}

/** Why an image's bytes are not read, by their beginning; undefined when they are. */
export function refusalOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'is empty'
  const format = Object.keys(formats).find(name => formats[name]!(bytes))
  if (format === undefined) return `is not an image that can be read; read are ${readableImages}`
  return read.has(format) ? undefined : `is ${format}, which is not read; save it as PNG`
}

/** The brands of an ISO base media file (ISO/IEC 14496-12, `ftyp`), by which AVIF and HEIC tell themselves apart. */
function brands(bytes: Uint8Array): string[] {
  if (!starts(bytes, 'ftyp', 4)) return []
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
  const all = latin1(bytes, 8, Math.min(length, 256)).match(/.{4}/gs) ?? []
  // The second is no brand but the version of the first.
  return all.filter((_, i) => i !== 1)
}

function starts(bytes: Uint8Array, magic: string, at = 0): boolean {
  return latin1(bytes, at, at + magic.length) === magic
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
