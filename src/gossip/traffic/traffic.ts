/** What bytes are for. */
export const purposes = [
  /** Heads and what goes with them, masks' shares and records of scalars among it: handed over, published, pulled. */
  'heads',
  /** Heads and logs that were requested whole: by newcomers, and by whoever has missed messages. */
  'repair',
  /** Signed records of the peers that are there. */
  'presence',
  /** What leads into a run: manifest, view, invitations, agreed sums, twins. */
  'joining',
  /** Messages of other peers that were passed on over the mesh. */
  'forwarded',
] as const

export type Purpose = (typeof purposes)[number]

/**
 * BytesByPurpose in one direction by purpose; `wire` is their sum. `libp2p` is what remains of it: encryption, multiplexing,
 * negotiation, identify, gossipsub's envelopes and control, and what a relay carries for others.
 */
export type BytesByPurpose = Readonly<Record<Purpose | 'libp2p' | 'wire', number>>

/** All bytes of a host. */
export interface TrafficBytes {
  readonly sent: BytesByPurpose
  readonly received: BytesByPurpose
}

export type Direction = keyof TrafficBytes

/** Counts the bytes of one host. */
export class Traffic {
  private readonly counts = { sent: noCounts(), received: noCounts() }

  add(direction: Direction, what: Purpose | 'wire', bytes: number): void {
    this.counts[direction][what] += bytes
  }

  /** A snapshot. */
  bytes(): TrafficBytes {
    const { sent, received } = this.counts
    return { sent: withRest(sent), received: withRest(received) }
  }
}

function noCounts(): Record<Purpose | 'wire', number> {
  return { heads: 0, repair: 0, presence: 0, joining: 0, forwarded: 0, wire: 0 }
}

function withRest(counts: Readonly<Record<Purpose | 'wire', number>>): BytesByPurpose {
  const known = purposes.reduce((sum, purpose) => sum + counts[purpose], 0)
  // Where a connection breaks, gossipsub may have counted a message that libp2p still held back.
  const wire = Math.max(counts.wire, known)
  return { ...counts, libp2p: wire - known, wire }
}

/** Sums of two hosts' bytes. */
export function addedTraffic(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return { sent: addedBytes(a.sent, b.sent), received: addedBytes(a.received, b.received) }
}

function addedBytes(a: BytesByPurpose, b: BytesByPurpose): BytesByPurpose {
  const sum = { ...a }
  for (const what of [...purposes, 'libp2p', 'wire'] as const) sum[what] += b[what]
  return sum
}
