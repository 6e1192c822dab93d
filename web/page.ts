import { render, type VNode } from 'preact'

/** Draws the page of the data that it has within. */
export function drawPage<Data>(draw: (data: Data) => VNode): void {
  const data = JSON.parse(document.getElementById('data')!.textContent!) as Data
  const place = document.getElementById('page')!
  place.replaceChildren()
  render(draw(data), place)
}
