import { needed, type Package } from './package.ts'
import { counted, createSections, type DocumentReading, documentLimits } from './reading.ts'
import { relationsOf, walkXml } from './xml.ts'

/** The slides in the order in which they are shown. */
export function readSlides(files: Package): DocumentReading {
  const targets = relationsOf(files, 'ppt', 'presentation.xml')
  const order: string[] = []
  walkXml(needed(files, 'ppt/presentation.xml'), {
    open: (name, attributes) => {
      const target = name === 'sldId' ? targets.get(attributes['r:id'] ?? '') : undefined
      if (target !== undefined) order.push(target)
    },
  })
  if (order.length > documentLimits.sections)
    return { ok: false, reason: `has ${order.length} slides; at most ${documentLimits.sections} can be read` }
  const slides = createSections()
  for (const [index, target] of order.entries()) {
    slides.add({ heading: `Slide ${index + 1}`, text: textOf(needed(files, target)).trim() })
    const full = slides.full()
    if (full !== undefined) return { ok: false, reason: full }
  }
  if (slides.list.every(({ text }) => text === '')) return { ok: false, reason: 'has no text' }
  return { ok: true, about: `PowerPoint, ${counted(order.length, 'slide')}`, sections: slides.list }
}

function textOf(xml: string): string {
  let text = ''
  let inText = false
  let fallbacks = 0
  walkXml(xml, {
    open: (name) => {
      if (name === 'Fallback') fallbacks++
      if (name === 't') inText = true
      else if (name === 'br' && fallbacks === 0) text += '\n'
    },
    text: (piece) => {
      if (inText && fallbacks === 0) text += piece
    },
    close: (name) => {
      if (name === 't') inText = false
      else if (name === 'Fallback') fallbacks--
      else if (fallbacks > 0) return
      else if (name === 'tc') text = `${text.trimEnd()}\t`
      else if (name === 'p' || name === 'tr') text = `${text.trimEnd()}\n`
    },
  })
  return text.replace(/\n{3,}/g, '\n\n')
}
