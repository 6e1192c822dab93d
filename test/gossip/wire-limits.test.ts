import { readFileSync } from 'node:fs'
import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { yamux } from '@chainsafe/libp2p-yamux'
import { createLibp2p } from 'libp2p'
import { describe, expect, it, vi } from 'vitest'
import { codecNames } from '../../src/codec/index.js'
import {
  handoverProtocol,
  inviteLimits,
  logProtocol,
  presenceProtocol,
  publicationProtocol,
  publishLimitBytes,
  samplingProtocol,
  stateProtocol,
  twinProtocol,
} from '../../src/gossip/index.js'
import { sharesProtocol } from '../../src/gossip/masks/protocol.js'
import { layoutOf } from '../../src/tensors/index.js'
import { codecNamed } from '../codec/named.js'
import { startHost } from './hosts.js'

/*
 * What docs/wire.md says beside its bytes: every number in a table of limits is the one in the code, none is missing,
 * and every message, field and code is told.
 */

// What a host gives libp2p is seen where it gives it.
vi.mock('libp2p', async original => {
  const libp2p = await original<typeof import('libp2p')>()
  return { ...libp2p, createLibp2p: vi.fn(libp2p.createLibp2p) }
})
vi.mock('@chainsafe/libp2p-yamux', async original => {
  const module = await original<typeof import('@chainsafe/libp2p-yamux')>()
  return { ...module, yamux: vi.fn(module.yamux) }
})
vi.mock('@chainsafe/libp2p-gossipsub', async original => {
  const module = await original<typeof import('@chainsafe/libp2p-gossipsub')>()
  return { ...module, gossipsub: vi.fn(module.gossipsub) }
})

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const text = read('docs/wire.md')
const protoOf = (protocol: string): string => read(`src/gossip/${protocol}/${protocol}.proto`)

/** What stands under a heading, up to the next. */
function sectionUnder(heading: string): string {
  return text.split(/^#+ /m).find(part => part.startsWith(`${heading}\n`)) ?? ''
}

/** The rows of the first table under a heading, cell by cell. */
function tableUnder(heading: string): string[][] {
  const lines = sectionUnder(heading)
    .split('\n')
    .filter(line => line.startsWith('|'))
  return lines.slice(2).map(line =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

/** The limits of a table, by name. */
function limitsUnder(heading: string): Record<string, number> {
  return Object.fromEntries(
    tableUnder(heading).map(([name, value]) => {
      expect(value).toMatch(/^[\d,]+( bytes| ms)?$/)
      return [name!.replaceAll('`', ''), Number(value!.replace(/[^\d]/g, ''))]
    }),
  )
}

/** All numbers in an object, under their names; of nested ones with a dot. */
function numbersIn(value: object, path = ''): Record<string, number> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (typeof inner === 'number') return [[`${path}${key}`, inner]]
      return typeof inner === 'object' && inner !== null ? Object.entries(numbersIn(inner, `${path}${key}.`)) : []
    }),
  )
}

describe('the limits in docs/wire.md', () => {
  it('of the handover are those of the code', () => {
    const { limits, deadlines } = handoverProtocol
    expect(limitsUnder('Limits: handover')).toEqual({ ...limits, ...deadlines })
    expect(text).toContain(`\`${handoverProtocol.id}\``)
  })

  it('of presence are those of the code', () => {
    const { limits, ...times } = presenceProtocol
    expect(limitsUnder('Limits: presence')).toEqual({ ...limits, ...times })
  })

  it('of publication are those of the code, and leave room for the rest of a message', () => {
    const { limits, deadlines, ...times } = publicationProtocol
    expect(limitsUnder('Limits: publication')).toEqual({ ...limits, ...deadlines, ...times })
    expect(limits.messageBytes).toBe(publishLimitBytes)
    expect(limits.inviteBytes).toBe(inviteLimits.tokenBytes)
    expect(limits.inlineBytes).toBe(limits.messageBytes - limits.inviteBytes - 256)
  })

  it('of the log are those of the code, and leave room for the rest of a message', () => {
    const { limits, ...times } = logProtocol
    expect(limitsUnder('Limits: log')).toEqual({ ...limits, ...times })
    expect(limits.inviteBytes).toBe(inviteLimits.tokenBytes)
    expect(limits.messageBytes).toBe(limits.scalars + limits.inviteBytes + 128)
  })

  it('of state transfer are those of the code', () => {
    const { limits, deadlines } = stateProtocol
    expect(limitsUnder('Limits: state')).toEqual({ ...limits, ...deadlines })
    expect(text).toContain(`\`${stateProtocol.id}\``)
  })

  it('of sampling are those of the code', () => {
    const { limits, deadlines } = samplingProtocol
    expect(limitsUnder('Limits: sampling')).toEqual({ ...limits, ...deadlines })
    expect(text).toContain(`\`${samplingProtocol.id}\``)
  })

  it('of shares are those of the code', () => {
    const { limits, deadlines } = sharesProtocol
    expect(limitsUnder('Limits: shares')).toEqual({ ...limits, ...deadlines })
    expect(text).toContain(`\`${sharesProtocol.id}\``)
  })

  it('of the talk of twins are those of the code', () => {
    const { limits, deadlines } = twinProtocol
    expect(limitsUnder('Limits: twin')).toEqual({ ...limits, ...deadlines })
    expect(text).toContain(`\`${twinProtocol.id}\``)
  })

  it('of host and gossipsub are those that libp2p is given', async () => {
    await startHost()
    const { connectionManager, connectionMonitor } = vi.mocked(createLibp2p).mock.calls[0]![0]!
    const { maxInboundStreams, streamOptions } = vi.mocked(yamux).mock.calls[0]![0]!
    const options = { ...connectionManager, ...connectionMonitor, maxInboundStreams, ...streamOptions }
    expect(limitsUnder('Limits: host')).toEqual(numbersIn(options))
    // Scores weigh what others do; they bound nothing.
    const { scoreParams: _, ...limits } = vi.mocked(gossipsub).mock.calls[0]![0]!
    expect(limitsUnder('Limits: gossipsub')).toEqual({ publishLimitBytes, ...numbersIn(limits) })
  })
})

describe('docs/wire.md', () => {
  const protos = ['handover', 'presence', 'state', 'publication', 'log', 'masks'].map(protoOf).join('\n')
  const messages = [...protos.matchAll(/^message (\w+) \{([\s\S]*?)^\}/gm)].map(([, name, body]) => ({
    name: name!,
    body: body!,
  }))

  it('names every message, and every field with its number', () => {
    expect(messages.map(({ name }) => name)).toEqual([
      'HeadHeader',
      'HandoverReply',
      'PresenceRecord',
      'StateRequest',
      'StateHeader',
      'PublishedHead',
      'ExpertList',
      'Expert',
      'LogRecord',
      'LogPart',
      'LogEntry',
      'MaskShares',
      'MaskAnswer',
    ])
    const told = [...text.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, number]) => `${name} = ${number}`)
    for (const { name, body } of messages) {
      expect(text).toContain(`\`${name}\``)
      const fields = body.replace(/enum \w+ \{[^}]*\}/g, '').matchAll(/(\w+) = (\d+);/g)
      for (const [, field, number] of fields) expect(told).toContain(`${field} = ${number}`)
    }
  })

  it('tells when every code is sent', () => {
    const members = [...protoOf('handover').matchAll(/^ {4}([A-Z_]+) = (\d+);/gm)].map(([, name, number]) => [
      name,
      number,
    ])
    expect(members.length).toBeGreaterThan(10)
    const told = tableUnder('Codes').map(([name, number]) => [name!.replaceAll('`', ''), number])
    const byNumber = (a: (string | undefined)[], b: (string | undefined)[]): number => Number(a[1]) - Number(b[1])
    expect([...told].sort(byNumber)).toEqual([...members].sort(byNumber))
  })

  it.each([
    ['Presence', 'PresenceRejection', 'presence/report'],
    ['Publishing heads', 'PublicationRejection', 'publication/published-head'],
  ])('tells under %s every reason of %s', (heading, name, file) => {
    const union = new RegExp(`export type ${name} =\\n([\\s\\S]*?)\\n\\n`).exec(read(`src/gossip/${file}.ts`))![1]!
    const reasons = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, reason]) => reason)
    const told = [...sectionUnder(heading).matchAll(/^\| `([A-Z_]+)` \| (?:Reject|Ignore) \|/gm)].map(
      ([, reason]) => reason,
    )
    expect(told.sort()).toEqual(reasons.sort())
  })

  it('tells every question and every answer of the state protocol', () => {
    const codes = [...protoOf('state').matchAll(/^ {4}([A-Z_]+) = (\d+);/gm)].filter(([, name]) => name !== 'UNKNOWN')
    expect(codes.length).toBeGreaterThan(10)
    for (const [, name, number] of codes)
      expect(sectionUnder('Requesting state: `/hearsay/state/1.0.0`')).toContain(`${number} \`${name}\``)
  })

  it('has every encoding with its dtype', () => {
    const rows = tableUnder('The payload').map(([name, dtype]) => [name!.replaceAll('`', ''), dtype])
    const one = layoutOf([{ name: 'a/b', shape: [1] }])
    expect(rows).toEqual(codecNames().map(name => [name, codecNamed(name).tensors(one).at(-1)!.dtype]))
  })
})
