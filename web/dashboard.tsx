import { render } from 'preact'
import { withRecord } from '../src/report/with-record.js'
import { count } from '../src/watch/text.js'
import { type Followed, follow } from './follow.js'
import { OwnView } from './parts/own-view.js'
import { Run } from './parts/run.js'

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
          {stateText(state, about?.rounds, record.rounds.at(-1)?.round)}
        </p>
      </header>
      {peer && <OwnView view={peer} isOver={state === 'ended'} />}
      {data && <Run data={data} />}
      {data && <footer>Shown by Hearsay {data.version}</footer>}
    </>
  )
}

function stateText(state: Followed['state'], rounds: number | undefined, round: number | undefined): string {
  if (state === 'ended') return 'This is all: what served the page has ended. report.html in the run folder has it too.'
  if (state === 'lost') return 'The connection is lost; it is tried again. What is here stays.'
  if (state === 'connecting' || rounds === undefined) return 'Connects…'
  return round === undefined ? 'No round has begun.' : `Round ${count(round + 1)} of ${count(rounds)}`
}

const place = document.getElementById('dashboard')!
place.replaceChildren()
follow(followed => {
  const name = followed.about?.name
  document.title = name === undefined ? 'Hearsay' : `${name}: Hearsay`
  render(<Dashboard followed={followed} />, place)
})
