import { useState } from 'preact/hooks'
import type { ActionName, PeerView, SeenMember } from '../../src/dashboard/peer-view.js'
import { byteCount, count, percent, small } from '../../src/watch/text.js'
import { Facts } from './manifest.js'
import { type SortableColumn, SortableTable } from './peer-table.js'

const reach = {
  public: 'others can dial this peer from outside',
  private: 'no connections come in from outside, as behind a router; connections to others work',
  unknown: 'not known until a peer from outside this network has dialled this one',
} as const

/** A peer in the field as it sees itself and the others, and what a person can ask it for. */
export function OwnView({ view, isOver }: { readonly view: PeerView; readonly isOver: boolean }) {
  const { members, rejected, usedBytes, freeBytes } = view
  const disk = [
    ...(usedBytes === null ? [] : [`${byteCount(usedBytes)} in the run folder`]),
    ...(freeBytes === null ? [] : [`${byteCount(freeBytes)} free`]),
  ]
  const refused = Object.entries(rejected).map(([reason, times]) => `${reason} ${count(times)}`)
  return (
    <section aria-label="This peer">
      <h2>This peer</h2>
      <div class="two">
        <Facts
          rows={[
            ['name', view.name],
            ['id', view.peer],
            ['reach', reach[view.reachability]],
            ...view.addresses.map((address, at): [string, string] => [at === 0 ? 'addresses' : '', address]),
          ]}
        />
        <Facts
          rows={[
            ['rounds ended', count(view.rounds)],
            ['sent', byteCount(view.sentBytes)],
            ['received', byteCount(view.receivedBytes)],
            ['refused', refused.join(', ') || 'nothing'],
            ['disk', disk.join(', ') || 'not known'],
          ]}
        />
      </div>
      {!isOver && <Actions actions={view.actions} />}
      {members.length === 0 ? (
        <p>No other peer was heard of yet.</p>
      ) : (
        <SortableTable
          caption="The other peers, by what each last said of itself"
          columns={members.some(({ gain }) => gain !== null) ? [...columns, ...reputation] : columns}
          rows={members}
        />
      )}
    </section>
  )
}

const columns: readonly SortableColumn<SeenMember>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'id', value: ({ peer }) => peer.slice(-8) },
  { title: 'standing', value: ({ standing }) => standing },
  { title: 'round', value: ({ round }) => round + 1, text: count },
  { title: 'last heard', value: ({ heardSecondsAgo }) => heardSecondsAgo, text: ago => `${count(ago)} s ago` },
  { title: 'samples', value: ({ samples }) => samples, text: count },
  { title: 'loss', value: ({ loss }) => loss, text: small },
  { title: 'accuracy', value: ({ accuracy }) => accuracy, text: percent },
]

/** What this peer makes of them, where it does. */
const reputation: readonly SortableColumn<SeenMember>[] = [
  { title: 'gain', value: ({ gain }) => gain, text: gain => gain.toFixed(3) },
  { title: 'cosine', value: ({ cosine }) => cosine, text: cosine => cosine.toFixed(2) },
  { title: 'heard', value: ({ gain, isMuted }) => (gain === null ? null : isMuted ? 'muted' : 'yes') },
]

function Actions({ actions }: { readonly actions: PeerView['actions'] }) {
  const [isSure, setIsSure] = useState(false)
  const [failure, setFailure] = useState('')
  const ask = async (action: ActionName): Promise<void> => {
    setFailure('')
    try {
      const body = JSON.stringify({ action })
      const { ok } = await fetch('ask', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
      if (!ok) setFailure('The peer has refused it.')
    } catch {
      setFailure('The peer does not answer.')
    }
  }
  const told = Object.entries(actions).filter(([, { text }]) => text !== '')
  return (
    <div class="actions">
      <button type="button" disabled={actions.save.isPending} onClick={() => ask('save')}>
        Save now
      </button>
      <button type="button" disabled={actions.evaluate.isPending} onClick={() => ask('evaluate')}>
        Evaluate now
      </button>
      <button
        type="button"
        disabled={actions.leave.isPending}
        onClick={() => (isSure ? ask('leave') : setIsSure(true))}
        onBlur={() => setIsSure(false)}
      >
        {isSure ? 'Leave the run: press again' : 'Leave cleanly'}
      </button>
      <output aria-live="polite">
        {told.map(([action, { text }]) => `${action}: ${text}`).join(' · ')} {failure}
      </output>
    </div>
  )
}
