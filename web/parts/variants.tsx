import { useState } from 'preact/hooks'
import { type Chosen, looks, toggled } from '../looks.js'

/** The first variants have the looks. */
export function useChosen(variants: number): [Chosen, (variant: number) => void] {
  const [chosen, setChosen] = useState<Chosen>(looks.map((_, at) => (at < variants ? at : null)))
  return [chosen, variant => setChosen(known => toggled(known, variant))]
}

/** Which variants are drawn, and how: the legend of all curves below. */
export function VariantChoice({
  names,
  chosen,
  onToggle,
}: {
  readonly names: readonly string[]
  readonly chosen: Chosen
  onToggle(variant: number): void
}) {
  const isFull = !chosen.includes(null)
  return (
    <fieldset class="choice">
      <legend>Variants{names.length > looks.length ? `, ${looks.length} at a time` : ''}</legend>
      <div class="all">
        {names.map((name, variant) => {
          const look = looks[chosen.indexOf(variant)]
          return (
            <label key={variant}>
              <input
                type="checkbox"
                checked={look !== undefined}
                disabled={look === undefined && isFull}
                onChange={() => onToggle(variant)}
              />
              <svg viewBox="0 0 40 8" aria-hidden="true">
                {look && (
                  <line
                    x1="0"
                    x2="40"
                    y1="4"
                    y2="4"
                    stroke-width="3"
                    stroke-dasharray={look.dash.join(' ')}
                    style={{ stroke: `var(--${look.color})` }}
                  />
                )}
              </svg>
              <span>{name}</span>
            </label>
          )
        })}
      </div>
    </fieldset>
  )
}
