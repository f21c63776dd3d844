import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { Empty } from '../detail/Empty.tsx';
import { deltaText, ideaText, valueText } from '../model/columns.ts';
import { plural } from '../model/format.ts';
import { type LineageNode, lineageOf } from '../model/lineage.ts';
import { plain } from '../model/plain.ts';
import { lookOf } from '../model/status.ts';
import { Icon } from '../ui/index.tsx';

const NODE_WIDTH = 248;
const NODE_HEIGHT = 48;
const GAP_X = 64;
const GAP_Y = 12;
const HEAD = 40;
const EDGE = 16;

function x(column: number): number {
  return EDGE + column * (NODE_WIDTH + GAP_X);
}

function y(place: number): number {
  return HEAD + place * (NODE_HEIGHT + GAP_Y);
}

/** Rounds as columns, ideas as nodes, parents as lines; the way to the best result stands out. */
export function LineageView({ page, onOpen }: { readonly page: Page; readonly onOpen: () => void }): JSX.Element {
  const { rows, header } = page.board.value;
  const lineage = useMemo(() => lineageOf(rows.values()), [rows]);
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | undefined>(undefined);
  const selected = page.settings.value.selected;
  if (lineage.rounds.length === 0)
    return <Empty icon="git-merge">The lineage starts with the first round of ideas.</Empty>;

  const nodes = lineage.rounds.flatMap((round, column) => round.nodes.map((node) => ({ ...node, column })));
  const at = new Map(nodes.map((node) => [node.key, node]));
  const stop = [active, selected, lineage.winner, nodes[0]?.key].find((key) => key !== undefined && at.has(key));
  const tallest = Math.max(...lineage.rounds.map((round) => round.nodes.length + (round.more > 0 ? 1 : 0)));
  const width = x(lineage.rounds.length - 1) + NODE_WIDTH + EDGE;
  const height = y(tallest) + EDGE;

  const onKey = (event: KeyboardEvent) => {
    const from = stop === undefined ? undefined : at.get(stop);
    if (!from) return;
    const next = neighbour(nodes, from, event.key);
    if (next) {
      event.preventDefault();
      setActive(next.key);
      const element = box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`);
      element?.focus();
      element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  };

  // Lines of the winner's path and of the selected node are drawn last, over the others.
  const edges = [...lineage.edges].sort((a, b) => weight(a, selected) - weight(b, selected));
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form, hence no fieldset
    <div
      class="lineage"
      ref={box}
      onKeyDown={onKey}
      role="group"
      aria-label="Lineage: rounds from left to right, arrow keys move"
    >
      <div class="lineage-space" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg class="edges" width={width} height={height} aria-hidden="true">
          {edges.map((edge) => {
            const from = at.get(edge.from);
            const to = at.get(edge.to);
            if (!from || !to) return null;
            const touches = edge.from === selected || edge.to === selected;
            return (
              <path
                key={`${edge.from} ${edge.to}`}
                class={`lineage-edge${edge.onWinnersPath ? ' winner' : ''}${touches ? ' touches' : ''}`}
                d={curve(from, to)}
              />
            );
          })}
        </svg>
        {lineage.rounds.map((round, column) => {
          const facts = header?.rounds.find((each) => each.number === round.round);
          return (
            <div key={round.round} class="round-head" style={{ left: `${x(column)}px`, width: `${NODE_WIDTH}px` }}>
              <strong>Round {round.round}</strong>
              {facts ? <span>{Math.round(facts.completion * 100)} % with a result</span> : null}
            </div>
          );
        })}
        {nodes.map((node) => {
          const row = rows.get(node.key);
          return row ? (
            <NodeBox
              key={node.key}
              page={page}
              row={row}
              node={node}
              column={node.column}
              winner={node.key === lineage.winner}
              selected={node.key === selected}
              stop={node.key === stop}
              onPress={() => {
                setActive(node.key);
                if (selected === node.key) onOpen();
                page.select(node.key);
              }}
            />
          ) : null;
        })}
        {lineage.rounds.map((round, column) =>
          round.more > 0 ? (
            <div
              key={`more ${round.round}`}
              class="round-more"
              style={{ left: `${x(column)}px`, top: `${y(round.nodes.length)}px`, width: `${NODE_WIDTH}px` }}
            >
              and {plural(round.more, 'more idea')}, in the table
            </div>
          ) : null,
        )}
      </div>
    </div>
  );
}

function weight(
  edge: { readonly from: string; readonly to: string; readonly onWinnersPath: boolean },
  selected: string | undefined,
): number {
  return (edge.onWinnersPath ? 2 : 0) + (edge.from === selected || edge.to === selected ? 1 : 0);
}

type Placed = LineageNode & { readonly column: number };

function neighbour(nodes: readonly Placed[], from: Placed, key: string): Placed | undefined {
  const inColumn = (column: number) => nodes.filter((node) => node.column === column);
  const nearest = (column: number) =>
    inColumn(column).sort((a, b) => Math.abs(a.place - from.place) - Math.abs(b.place - from.place))[0];
  switch (key) {
    case 'ArrowUp':
      return inColumn(from.column).find((node) => node.place === from.place - 1);
    case 'ArrowDown':
      return inColumn(from.column).find((node) => node.place === from.place + 1);
    case 'ArrowLeft':
      return nearest(from.column - 1);
    case 'ArrowRight':
      return nearest(from.column + 1);
    case 'Home':
      return inColumn(from.column)[0];
    case 'End':
      return inColumn(from.column).at(-1);
    default:
      return undefined;
  }
}

function curve(from: Placed, to: Placed): string {
  const startX = x(from.column) + NODE_WIDTH;
  const startY = y(from.place) + NODE_HEIGHT / 2;
  const endX = x(to.column);
  const endY = y(to.place) + NODE_HEIGHT / 2;
  const bend = Math.max(24, (endX - startX) / 2);
  return `M${startX} ${startY}C${startX + bend} ${startY} ${endX - bend} ${endY} ${endX} ${endY}`;
}

function NodeBox(props: {
  readonly page: Page;
  readonly row: LeaderboardRow;
  readonly node: LineageNode;
  readonly column: number;
  readonly winner: boolean;
  readonly selected: boolean;
  readonly stop: boolean;
  readonly onPress: () => void;
}): JSX.Element {
  const { row, node } = props;
  const look = lookOf(row.status);
  const decimals = props.page.decimals.value;
  const figures = row.objective
    ? `${valueText({ ...row, objective: { ...row.objective, n: 1 } }, decimals)}`
    : look.words;
  return (
    <button
      type="button"
      class={`node${node.onWinnersPath ? ' on-path' : ''}${props.winner ? ' best' : ''}${props.selected ? ' selected' : ''}`}
      style={{
        left: `${x(props.column)}px`,
        top: `${y(node.place)}px`,
        width: `${NODE_WIDTH}px`,
        height: `${NODE_HEIGHT}px`,
      }}
      data-key={row.key}
      tabIndex={props.stop ? 0 : -1}
      aria-pressed={props.selected}
      title={row.title.slice(0, 500)}
      onClick={props.onPress}
    >
      <span class="node-title">
        <span class="idea-number">{ideaText(row)}</span>
        <bdi>{plain(row.title, 120)}</bdi>
      </span>
      <span class="node-facts">
        <span class={`tone-${look.tone}`}>
          <Icon name={props.winner ? 'star-full' : look.icon} spin={look.spins} />
        </span>
        <span class="unseen">{props.winner ? 'Best. ' : ''}</span>
        <span>{figures}</span>
        <span class={`delta${row.improved ? ' improved' : ''}`}>
          {deltaText({ ...row, sigmas: undefined }, decimals)}
        </span>
      </span>
    </button>
  );
}
