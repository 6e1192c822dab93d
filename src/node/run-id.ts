import { createHash } from 'node:crypto'
import type { Manifest } from './manifest.js'

/** The manifest as every peer of its run has it, to the last byte: JSON, defaults filled in, keys sorted, no spaces. */
export function canonicalManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(canonical(manifest))
}

/** The run's id: SHA-256 of the canonical manifest. */
export function runIdOf(manifest: Manifest): Uint8Array {
  return createHash('sha256').update(canonicalManifest(manifest)).digest()
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isRecord(value)) {
    const fields = Object.keys(value)
      .filter(key => value[key] !== undefined)
      .sort()
      .map(key => `${JSON.stringify(key)}:${canonical(value[key])}`)
    return `{${fields.join(',')}}`
  }
  return JSON.stringify(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
