import { strToU8, zipSync } from 'fflate'

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

/** A package of these files; every text gets the XML head. */
export const packageOf = (files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, strToU8(head + xml)]))))

export const wordFile = (body: string, more: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> =>
  packageOf({
    'word/document.xml': `<w:document xmlns:w="urn:w" xmlns:mc="urn:mc"><w:body>${body}</w:body></w:document>`,
    ...more,
  })

const relations = (targets: readonly string[]): string =>
  `<Relationships>${targets.map((target, index) => `<Relationship Id="rId${index + 1}" Target="${target}"/>`).join('')}</Relationships>`

/** Slides by their file names, shown in the order of `shown` (1: the first file). */
export const slidesFile = (slides: readonly string[], shown: readonly number[]): Uint8Array<ArrayBuffer> =>
  packageOf({
    'ppt/presentation.xml': `<p:presentation xmlns:p="urn:p" xmlns:r="urn:r"><p:sldIdLst>${shown.map((number) => `<p:sldId r:id="rId${number}"/>`).join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(slides.map((_, index) => `slides/slide${index + 1}.xml`)),
    ...Object.fromEntries(
      slides.map((body, index) => [
        `ppt/slides/slide${index + 1}.xml`,
        `<p:sld xmlns:p="urn:p" xmlns:a="urn:a">${body}</p:sld>`,
      ]),
    ),
  })

export const sheetsFile = (
  sheets: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> => {
  const names = Object.keys(sheets)
  return packageOf({
    'xl/workbook.xml': `<workbook xmlns:r="urn:r"><sheets>${names.map((name, index) => `<sheet name="${name}" r:id="rId${index + 1}"/>`).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(names.map((_, index) => `worksheets/sheet${index + 1}.xml`)),
    ...Object.fromEntries(
      Object.values(sheets).map((rows, index) => [
        `xl/worksheets/sheet${index + 1}.xml`,
        `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
      ]),
    ),
    ...more,
  })
}
