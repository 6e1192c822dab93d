import { render } from 'preact'
import type { RunAbout } from '../src/report/data.js'
import { withRecord } from '../src/report/with-record.js'
import type { RunRecord } from '../src/watch/record/shape.js'
import { count } from '../src/watch/text.js'
import { type Followed, follow } from './follow.js'
import { OwnView } from './parts/own-view.js'
import { Run } from './parts/run.js'
import { wholeRounds } from './whole.js'

/** The page of a run that goes on. */
function Dashboard({ followed: { about, record, peer, state } }: { readonly followed: Followed }) {
  const data = about && withRecord(about, record)
  return (
    <>
      <header>
        <p class="brand">Hearsay dashboard</p>
        <h1>{data?.name ?? 'A run'}</h1>
        {data && <p class="says">{data.says}</p>}
        <p class={`state ${state}`} role="status">
          {stateText({ about, record, state })}
        </p>
      </header>
      {peer && <OwnView view={peer} isOver={state === 'ended'} />}
      {data && <Run data={data} />}
      {data && <footer>Shown by Hearsay {data.version}</footer>}
    </>
  )
}

function stateText({ about, record, state }: Pick<Followed, 'about' | 'record' | 'state'>): string {
  const over = about && overText(about, record, state)
  if (state === 'ended')
    return `This is all: ${over === undefined ? 'what served the page has ended' : `the run ${over}`}. report.html in the run folder has it too.`
  if (state === 'lost') return 'The connection is lost; it is tried again. What is here stays.'
  if (state === 'connecting' || about === undefined) return 'Connects…'
  const round = record.rounds.at(-1)?.round
  if (over !== undefined) return `The run ${over}.`
  return round === undefined ? 'No round has begun.' : `Round ${count(round + 1)} of ${count(about.rounds)}`
}

/**
 * Of a run that goes on, nothing: one that was interrupted and goes on has a round that its summary does not have. Nor of
 * one whose last rounds have not come to this page yet.
 */
function overText({ summary, rounds }: RunAbout, record: RunRecord, state: Followed['state']): string | undefined {
  const { interrupted, rounds: done } = summary
  if (interrupted === undefined || done === undefined) return undefined
  const here = (wholeRounds(record).rounds.at(-1)?.round ?? -1) + 1
  if (here > done || (here < done && state !== 'ended')) return undefined
  return `${interrupted ? 'was interrupted' : 'is over'} after round ${count(done)} of ${count(rounds)}`
}

const place = document.getElementById('dashboard')!
place.replaceChildren()
follow(followed => {
  const name = followed.about?.name
  document.title = name === undefined ? 'Hearsay' : `${name}: Hearsay`
  render(<Dashboard followed={followed} />, place)
})
