import { createComponent, createRoot } from 'solid-js'
import type { Icon } from './icon.ts'

/** By icon and size; there are as many as the console has of both. */
const drawings = new Map<Icon, Map<number, Node>>()

/** An icon beside a text. Its library draws it once, further ones are copies: a list shows hundreds of a few. */
export function Glyph(props: { readonly icon: Icon; readonly size: 14 | 16 }) {
  return <>{drawn(props.icon, props.size)}</>
}

function drawn(icon: Icon, size: number): Node {
  const sizes = drawings.get(icon) ?? new Map<number, Node>()
  drawings.set(icon, sizes)
  const drawing = sizes.get(size) ?? draw(icon, size)
  sizes.set(size, drawing)
  return drawing.cloneNode(true)
}

const draw = (icon: Icon, size: number): Node =>
  createRoot((dispose) => {
    const drawing = createComponent(icon, { size, strokeWidth: 1.75, 'aria-hidden': 'true' }) as Node
    dispose()
    return drawing
  })
