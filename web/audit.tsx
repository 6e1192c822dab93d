import type { Inversion, Picture } from '../src/audit/inversion/attack.js'
import type { AuditReport } from '../src/audit/report.js'
import {
  attackNames,
  aucText,
  decibels,
  foundText,
  inversionText,
  inversionVerdict,
  separationVerdict,
  updateText,
  wayNames,
} from '../src/audit/text.js'
import { drawPage } from './page.js'

/** What others can find out about a peer's records. */
function AuditPage({ report }: { readonly report: AuditReport }) {
  const { peer, owned, rounds, budget, seen, records, shadows, accuracy, inversions, leftOut } = report
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`
  return (
    <div class="audit">
      <header>
        <p class="brand">Hearsay audit</p>
        <h1>{peer}</h1>
        <p class="says">
          What a neighbour that hears this peer can find out about its {owned} records, after {rounds} rounds{' '}
          {budget === null ? 'without a budget of privacy' : `with a budget of privacy of ε ${budget}`}. The attacker
          sees {seen}, as the peer would hand it over in one more round. This page holds records of the peer: it is for
          their owner.
        </p>
      </header>
      <section aria-label="Who was there?">
        <h2>Who was there?</h2>
        <p class="says">
          {records} of the peer's records beside {records} that no peer was trained on, as many of each class; {shadows}{' '}
          shadow models.
          {accuracy === undefined
            ? ''
            : ` The model is right on ${share(accuracy.members)} of the former and on ${share(accuracy.others)} of the latter.`}{' '}
          An AUC of 0.5 is guessing, 1 is certainty; in brackets its 95 % interval.
        </p>
        <Separations report={report} />
      </section>
      {inversions.length > 0 && (
        <section aria-label="What do records look like?">
          <h2>What do records look like?</h2>
          {inversions.map(inversion => (
            <Reconstruction key={inversion.of} inversion={inversion} />
          ))}
        </section>
      )}
      {leftOut.length > 0 && <p class="says">{leftOut.join(' ')}</p>}
      <footer>
        Seed {report.seed} of the attacker's draws{report.quick ? '; a quick audit' : ''}.
      </footer>
    </div>
  )
}

function Separations({ report: { attacks, subjects } }: { readonly report: AuditReport }) {
  const rows = [
    ...attacks.map(({ attack, ...separation }) => ({ name: attackNames[attack], separation })),
    ...(subjects === undefined
      ? []
      : [{ name: `subjects, ${subjects.members} and ${subjects.others}`, separation: subjects }]),
  ]
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            {['attack', 'AUC', 'advantage', 'found at 1 % false alarms', 'in words'].map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, separation }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{aucText(separation)}</td>
              <td>{separation.advantage.toFixed(2)}</td>
              <td>{foundText(separation)}</td>
              <td>{separationVerdict(separation)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Reconstruction({ inversion }: { readonly inversion: Inversion }) {
  const { way, pictures = [] } = inversion
  return (
    <article>
      <h3>
        From {updateText(inversion)}, by {wayNames[way]}: {inversionVerdict(inversion)}
      </h3>
      <p class="says">{inversionText(inversion)}</p>
      <div class="pictures">
        {pictures.map((picture, at) => (
          <figure key={at}>
            <Pixels shape={picture.shape} pixels={picture.original} says="a record" />
            <Pixels shape={picture.shape} pixels={picture.made} says="what was made of it" />
            <figcaption>{captionOf(picture)}</figcaption>
          </figure>
        ))}
      </div>
    </article>
  )
}

function captionOf({ psnr, ssim }: Picture): string {
  return `${decibels(psnr)}${ssim === undefined ? '' : `, SSIM ${ssim.toFixed(2)}`}`
}

interface PixelsOptions {
  readonly shape: readonly number[]
  readonly pixels: readonly number[]
  readonly says: string
}

function Pixels({ shape: [height, width, channels], pixels, says }: PixelsOptions) {
  const draw = (canvas: HTMLCanvasElement | null): void => {
    const context = canvas?.getContext('2d')
    if (context === null || context === undefined) return
    const image = context.createImageData(width!, height!)
    for (let at = 0; at < width! * height!; at++) {
      for (let colour = 0; colour < 3; colour++)
        image.data[4 * at + colour] = pixels[at * channels! + (colour % channels!)]!
      image.data[4 * at + 3] = 255
    }
    context.putImageData(image, 0, 0)
  }
  return <canvas ref={draw} width={width} height={height} role="img" aria-label={says} />
}

drawPage<AuditReport>(report => <AuditPage report={report} />)
