import { describe, expect, test } from 'bun:test'
import { strToU8, zipSync } from 'fflate'
import { dateText } from '../../server/documents/cell-dates.ts'
import { readOffice } from '../../server/documents/office.ts'
import { documentLimits } from '../../server/documents/reading.ts'
import { cpuMs } from '../support/cpu.ts'
import { packageOf, sheetsFile, slidesFile, wordFile } from './sample-office.ts'

const run = (text: string): string => `<w:r><w:t>${text}</w:t></w:r>`
const paragraph = (text: string, style = ''): string =>
  `<w:p>${style === '' ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}${run(text)}</w:p>`

describe('Word', () => {
  test('headings, paragraphs, tabs and tables are told apart', () => {
    const cell = (text: string): string => `<w:tc>${paragraph(text)}</w:tc>`
    const body = [
      paragraph('Plan &amp; Ziel', 'Heading1'),
      `<w:p>${run('one')}<w:r><w:tab/></w:r>${run('two')}</w:p>`,
      `<w:tbl><w:tr>${cell('a')}${cell('b')}</w:tr><w:tr>${cell('中文')}${cell('d')}</w:tr></w:tbl>`,
      paragraph('end'),
    ].join('')
    expect(readOffice(wordFile(body), 'docx')).toEqual({
      ok: true,
      about: 'Word',
      sections: [{ text: '# Plan & Ziel\none\ttwo\na\tb\n中文\td\nend' }],
    })
  })

  test('what was deleted, and second forms of the same box, are left out; footnotes come last', () => {
    const body = `<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>${run('kept')}</w:p><mc:AlternateContent><mc:Choice>${paragraph('box')}</mc:Choice><mc:Fallback>${paragraph('box')}</mc:Fallback></mc:AlternateContent>`
    const footnotes = `<w:footnotes xmlns:w="urn:w"><w:footnote>${paragraph('a note')}</w:footnote></w:footnotes>`
    expect(readOffice(wordFile(body, { 'word/footnotes.xml': footnotes }), 'docx')).toMatchObject({
      sections: [{ text: 'kept\nbox\n\na note' }],
    })
  })
})

describe('PowerPoint', () => {
  const slide = (text: string): string => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`

  test('slides come in the order in which they are shown', () => {
    expect(readOffice(slidesFile([slide('first file'), slide('second file')], [2, 1]), 'pptx')).toEqual({
      ok: true,
      about: 'PowerPoint, 2 slides',
      sections: [
        { heading: 'Slide 1', text: 'second file' },
        { heading: 'Slide 2', text: 'first file' },
      ],
    })
  })
})

describe('Excel', () => {
  const shared = '<sst><si><t>Name</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>x</t></rPh></si></sst>'
  const styles =
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/><numFmt numFmtId="165" formatCode="0.0 &quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'

  test('columns that are left out are counted where the model and the record see it', () => {
    const name = (index: number): string =>
      (index < 26 ? '' : name(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26))
    const cells = Array.from({ length: 1_200 }, (_, index) => `<c r="${name(index)}1"><v>${index}</v></c>`).join('')
    const reading = readOffice(
      sheetsFile({ Wide: `<row>${cells}</row>`, Plain: '<row><c><v>1</v></c></row>' }, {}),
      'xlsx',
    )
    const gap = '200 columns behind the first 1000 left out'
    expect(reading).toMatchObject({
      ok: true,
      sections: [
        { heading: 'Sheet "Wide"', text: expect.stringMatching(/,999$/), gap },
        { heading: 'Sheet "Plain"', text: '1' },
      ],
      lacks: `sheet 1: ${gap}`,
    })
    expect(reading.ok && reading.sections[1]?.gap).toBeUndefined()
  })

  test('every sheet is CSV, with shared texts, gaps, quotes and dates', () => {
    const rows = [
      '<row><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>',
      '<row><c r="A2" t="inlineStr"><is><t>say "hi", you</t></is></c><c r="B2" t="b"><v>1</v></c><c r="C2"><f>1+1</f><v>2</v></c></row>',
      '<row><c r="A3" s="1"><v>45992</v></c><c r="B3" s="2"><v>45992.5</v></c><c r="C3" s="3"><v>3.5</v></c><c r="D3" t="e"><v>#DIV/0!</v></c></row>',
    ].join('')
    const file = sheetsFile({ Sales: rows, Empty: '' }, { 'xl/sharedStrings.xml': shared, 'xl/styles.xml': styles })
    expect(readOffice(file, 'xlsx')).toEqual({
      ok: true,
      about: 'Excel, 2 sheets, as CSV',
      sections: [
        {
          heading: 'Sheet "Sales"',
          text: 'Name,,two runs\n"say ""hi"", you",TRUE,2\n2025-12-01,2025-12-01 12:00:00,3.5,#DIV/0!',
        },
        { heading: 'Sheet "Empty"', text: '' },
      ],
    })
  })

  test.each([
    [1, false, '1900-01-01'],
    [59, false, '1900-02-28'],
    [61, false, '1900-03-01'],
    [0.75, false, '18:00:00'],
    [0, true, '1904-01-01'],
    [-1, false, '-1'],
    [Number.NaN, false, 'NaN'],
  ])('day %p (1904: %p) is %s', (serial, from1904, text) => {
    expect(dateText(serial, from1904)).toBe(text)
  })
})

test('the main part of a Word document, and its footnotes, stand where the package says', () => {
  const word = (text: string, root: string) => `<w:${root} xmlns:w="urn:w">${paragraph(text)}</w:${root}>`
  const relation = (kind: string, target: string) =>
    `<Relationships><Relationship Id="rId9" Type="urn:other/x" Target="no.xml"/><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}" Target="${target}"/></Relationships>`
  for (const target of ['word/document2.xml', '/word/document2.xml']) {
    const file = packageOf({
      '_rels/.rels': relation('officeDocument', target),
      'word/document2.xml': word('Hello', 'document'),
      'word/_rels/document2.xml.rels': relation('footnotes', 'footnotes2.xml'),
      'word/footnotes2.xml': word('A note', 'footnotes'),
    })
    expect(readOffice(file, 'docx')).toMatchObject({ ok: true, sections: [{ text: 'Hello\n\nA note' }] })
  }
})

describe('hostile and broken files are a reason, not an exception', () => {
  const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes)
  const bomb = zipSync({
    'word/document.xml': zeros(documentLimits.unpackedBytes / 2 + 1),
    'word/footnotes.xml': zeros(documentLimits.unpackedBytes / 2 + 1),
  })
  /** Says of itself that it is small. */
  const liar = (() => {
    const file = Buffer.from(zipSync({ 'word/document.xml': zeros(300_000_000) }))
    for (const mark of ['PK\x01\x02', 'PK\x03\x04']) {
      const at = file.indexOf(mark, 0, 'latin1')
      file.writeUInt32LE(100, at + (mark === 'PK\x01\x02' ? 24 : 22))
    }
    return file
  })()
  test.each([
    ['a zip bomb', bomb, 'unpacks to more than'],
    ['a zip that lies about its size', liar, 'not a sound Word document'],
    ['a compound file', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'protected by a password or of the old binary form'],
    ['no zip', Buffer.from('hello'), 'not a sound Word document'],
    ['nothing', Buffer.alloc(0), 'not a sound Word document'],
    ['a zip without a document', packageOf({ 'word/other.xml': '<a/>' }), 'not a sound Word document'],
    ['broken XML', wordFile('<w:p>'), 'not a sound Word document'],
    ['no text', wordFile('<w:p/>'), 'has no text'],
    ['too much text', wordFile(paragraph('x'.repeat(2_000_001))), 'more than 2000000 characters'],
    [
      'entities that grow',
      packageOf({
        'word/document.xml':
          '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w:document xmlns:w="urn:w"><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:document>',
      }),
      'not a sound Word document',
    ],
  ])('%s', (_, bytes, reason) => {
    expect(readOffice(new Uint8Array(bytes), 'docx')).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })

  test('a lie about the size is found out where the lie begins', () => {
    const begun = cpuMs()
    readOffice(new Uint8Array(liar), 'docx')
    expect(cpuMs() - begun).toBeLessThan(500)
  })

  test('packages written by others: wide sizes, a stored file, a comment at the end', () => {
    const plain = wordFile(paragraph('Hello'))
    const end = Buffer.from(plain.buffer).subarray(-22)
    const commented = Buffer.concat([plain, Buffer.from('a comment')])
    commented.writeUInt16LE(9, plain.length - 2)
    const stored = zipSync(
      { 'word/document.xml': strToU8(`<w:document xmlns:w="urn:w">${paragraph('Hello')}</w:document>`) },
      { level: 0 },
    )
    const list = end.readUInt32LE(16)
    const entry = Buffer.from(plain.subarray(list, -22))
    const extra = Buffer.alloc(20)
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(16, 2)
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(24)), 4)
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(20)), 12)
    entry.writeUInt32LE(0xffffffff, 20)
    entry.writeUInt32LE(0xffffffff, 24)
    entry.writeUInt16LE(20, 30)
    const wideEnd = Buffer.alloc(56)
    wideEnd.writeUInt32LE(0x06064b50, 0)
    wideEnd.writeBigUInt64LE(1n, 32)
    wideEnd.writeBigUInt64LE(BigInt(list), 48)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50, 0)
    locator.writeBigUInt64LE(BigInt(list + entry.length + extra.length), 8)
    const wide = Buffer.concat([plain.subarray(0, list), entry, extra, wideEnd, locator, end])
    for (const file of [plain, commented, stored, wide])
      expect(readOffice(new Uint8Array(file), 'docx')).toMatchObject({ ok: true, sections: [{ text: 'Hello' }] })
  })
})
