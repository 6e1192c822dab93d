import { useId, useState } from 'preact/hooks'

/** Which round is shown: the newest, until a person picks another. Whoever picks the newest follows it again. */
export function usePickedRound(count: number): readonly [at: number, pick: (at: number) => void] {
  const [picked, setPicked] = useState<number | undefined>()
  const newest = Math.max(0, count - 1)
  return [Math.min(picked ?? newest, newest), at => setPicked(at >= newest ? undefined : at)]
}

/** Picks the round that is shown. */
export function RoundSlider({
  rounds,
  at,
  onChange,
}: {
  rounds: readonly number[]
  at: number
  onChange(at: number): void
}) {
  const id = useId()
  if (rounds.length < 2) return null
  return (
    <p class="slider">
      <label for={id}>Round</label>
      <input
        id={id}
        type="range"
        min={0}
        max={rounds.length - 1}
        value={at}
        aria-valuetext={`round ${rounds[at]}`}
        onInput={event => onChange(event.currentTarget.valueAsNumber)}
      />
      <output for={id}>{rounds[at]}</output>
    </p>
  )
}
