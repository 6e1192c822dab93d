/*
 * Text that somebody else wrote, such as file names, cells of a table, names, addresses and messages of libraries, on
 * its way to a person. A line break in it forges a line of ours, an escape sequence moves the cursor or clears the
 * screen, and a bidirectional override shows other letters than are there (CVE-2021-42574). One place makes all of it
 * harmless.
 */

/**
 * Controls (C0 and C1, the bytes that terminals obey), line and paragraph separators, marks that change the direction
 * of writing, invisible characters (soft hyphen, zero-width and byte order marks, tags), and halves of a character. The
 * joiners U+200C and U+200D stay: Persian, Hindi and emoji are written with them.
 */
const harmful =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}\p{Cs}]/gu

/** Beyond this many characters the middle of a name or a cell is left out. */
const longest = 200

/**
 * Foreign text on one line, unchanged but for harmful and invisible characters, which become `\n`, `\x1b`, `\u202e`.
 * Idempotent.
 *
 * @param limit - how many characters are kept, at least 3; the middle goes, as places stand first and remedies last
 */
export function shown(text: string, limit = longest): string {
  return shortened(text.replace(harmful, escaped), limit)
}

/** The same for a text of several lines, such as a manifest: all line breaks are kept. */
export function shownLines(text: string): string {
  return text
    .split('\n')
    .map(line => shown(line, 10 * longest))
    .join('\n')
}

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escaped(character: string): string {
  const code = character.codePointAt(0)!
  const digits = code.toString(16)
  if (code > 0xffff) return `\\u{${digits}}`
  return short[character] ?? (code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`)
}

function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = Math.floor(limit / 3)
  const first = limit - last - 1
  // Characters beyond U+FFFF are two units; one of them alone would be harmful again.
  const head = text.slice(0, first).replace(/[\ud800-\udbff]$/, '')
  const tail = text.slice(text.length - last).replace(/^[\udc00-\udfff]/, '')
  return `${head}…${tail}`
}
