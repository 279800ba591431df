/** Groups layers into blocks by their names, in forward order: "conv2_block1", "encoder/layer_3". */

export interface Block {
  /** Unique among the blocks; stable for the same layers. */
  key: string
  title: string
  /** The index of its first row; its rows are consecutive. */
  first: number
  count: number
}

/** The number of blocks that fit on a screen, and the minimum for an overview. */
const MAX_BLOCKS_PER_SCREEN = 28
const MIN_BLOCKS = 8
/** The maximum number of blocks; scrolling is better than four blocks of a thousand layers. */
const MAX_BLOCKS = 160
const MAX_TOKENS = 8

/** Groups rows by the layers' names; the rows of a layer and of a block are consecutive. */
export function blocksOf(layers: readonly string[]): Block[] {
  const parts = layers.map(tokens)
  const different = new Set(layers).size
  let coarser: Block[] | null = null
  for (let depth = 1; depth <= MAX_TOKENS; depth++) {
    const blocks = runsOf(
      parts.map((part) =>
        part
          .slice(0, depth)
          .join('')
          .replace(/[/_.]$/, ''),
      ),
    )
    if (blocks.length * 2 > different) break
    // Too many blocks, as in a hundred equal parts of a large network: neighbours are put together.
    if (blocks.length > MAX_BLOCKS) return coarser ?? chunks(blocks)
    const limit = coarser && coarser.length >= MIN_BLOCKS ? MAX_BLOCKS_PER_SCREEN : MAX_BLOCKS
    const finer = blocks.length > (coarser?.length ?? 1)
    if (finer && blocks.length <= limit) coarser = blocks
  }
  return coarser ?? chunks(runsOf(layers))
}

/** Splits "conv2_block1_1_conv" into tokens that end with their separators. */
function tokens(layer: string): string[] {
  return layer.match(/[^/_.]+[/_.]*|[/_.]+/g) ?? [layer]
}

function runsOf(names: readonly string[]): Block[] {
  const blocks: Block[] = []
  const seen = new Map<string, number>()
  names.forEach((name, row) => {
    const last = blocks.at(-1)
    if (last && last.title === name) {
      last.count++
      return
    }
    const repeats = seen.get(name) ?? 0
    seen.set(name, repeats + 1)
    blocks.push({
      key: repeats === 0 ? name : `${name}#${repeats + 1}`,
      title: name,
      first: row,
      count: 1,
    })
  })
  return blocks
}

/** Blocks of equally many parts, named by the first and last of them. */
function chunks(layerRuns: readonly Block[]): Block[] {
  const target = Math.min(MAX_BLOCKS_PER_SCREEN, Math.ceil(Math.sqrt(layerRuns.length)))
  const size = Math.ceil(layerRuns.length / target)
  const blocks: Block[] = []
  for (let at = 0; at < layerRuns.length; at += size) {
    const members = layerRuns.slice(at, at + size)
    const [first, last] = [members[0] as Block, members.at(-1) as Block]
    const title =
      first === last ? first.title : `${first.title} – ${ending(first.title, last.title)}`
    const count = members.reduce((rows, member) => rows + member.count, 0)
    blocks.push({ key: first.key, title, first: first.first, count })
  }
  return blocks
}

/** The tokens of the last name that differ from the first: "12" of dense_3 and dense_12. */
function ending(first: string, last: string): string {
  const [a, b] = [tokens(first), tokens(last)]
  const same = b.findIndex((token, i) => token !== a[i])
  return same > 0 ? b.slice(same).join('') : last
}
