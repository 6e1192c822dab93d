import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import * as hearsay from '../../src/index.js'

// Scripts are JavaScript without declarations: what is used of them is said here.
interface Case {
  readonly name: string
}
type Digests = Readonly<Record<'parameters' | 'mixture', readonly string[]>>
const folder = new URL('../../scripts/digests/', import.meta.url)
const { cases } = (await import(new URL('cases.js', folder).href)) as { cases: readonly Case[] }
const { digestsOf } = (await import(new URL('digest.js', folder).href)) as {
  digestsOf(one: Case, package_: typeof hearsay, backend: hearsay.BackendName): Promise<Digests>
}

const fixture = new URL('../fixtures/simulate/digests.json', import.meta.url)
const before: Readonly<Record<string, Digests>> = JSON.parse(await readFile(fixture, 'utf8'))

it('the fixture has every run', () => {
  expect(Object.keys(before)).toEqual(cases.map(({ name }) => name))
})

it.each(cases.map(one => [one.name, one] as const))(
  '%s: every peer ends with the same bits as ever',
  async (name, one) => {
    expect(await digestsOf(one, hearsay, 'wasm')).toEqual(before[name])
  },
  300_000,
)
