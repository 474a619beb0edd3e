import { cut, family, picture, toneOf, widthOf } from './card.js';
import { layOut, segments } from './layout.js';

// <fs-graph graph="JSON"> draws what Graphs/GraphView.razor writes, by Cytoscape.js, in layers that dagre finds. Both are fetched for the first graph of a
// page. Nothing in it moves by itself. The page says the same in a list: what fails here takes the drawing away and nothing else.
const Least = .6, Margin = 6, LongestLabel = 22;
let fetched;
const fetchBoth = () => fetched ??= Promise.all([import('../lib/cytoscape.js'), import('../lib/dagre.js')]).catch((e) => { fetched = undefined; throw e; });

class FlagstoneGraph extends HTMLElement {
  static observedAttributes = ['graph'];
  #cytoscape;
  #size;
  #resized = new ResizeObserver(() => this.#fit());
  #themed = new MutationObserver(() => this.#draw());

  connectedCallback() {
    this.#resized.observe(this);
    this.#themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    this.#draw();
  }

  disconnectedCallback() {
    this.#resized.disconnect();
    this.#themed.disconnect();
    this.#cytoscape?.destroy();
    this.#cytoscape = undefined;
  }

  attributeChangedCallback() { this.#draw(); }

  async #draw() {
    try {
      const [{ default: cytoscape }, dagre] = await fetchBoth();
      if (this.isConnected) { this.#show(cytoscape, dagre); }
    } catch (e) {
      this.closest('figure')?.setAttribute('hidden', '');
      console.warn('The graph could not be drawn; the list beside it says the same.', e);
    }
  }

  #show(cytoscape, dagre) {
    const graph = JSON.parse(this.getAttribute('graph'));
    graph.edges.forEach((e) => { e.label = cut(e.label, LongestLabel); });
    const css = getComputedStyle(this);
    const color = (name) => css.getPropertyValue(name).trim();
    const { cards, lines, width, height } = layOut(dagre, graph);
    this.#size = { width: width + 2 * Margin, height: height + 2 * Margin };
    // Twice as fine as the screen: what it draws is kept as a picture and moved by parts of a pixel.
    this.#cytoscape ??= this.#begin(cytoscape);
    this.#cytoscape.batch(() => {
      this.#cytoscape.elements().remove();
      this.#cytoscape.style(styles(color));
      this.#cytoscape.add(graph.nodes.map((n) => {
        const card = cards.get(n.id);
        const border = n.tone && n.tone !== 'good' && n.tone !== 'neutral' ? toneOf(n, color) : color('--fs-line-strong');
        return { data: { id: n.id, href: n.href, width: card.width, height: card.height, picture: picture(n, card, color), border }, position: { x: card.x, y: card.y }, classes: n.isStep ? 'step' : '' };
      }));
      this.#cytoscape.add(graph.edges.map((e, i) => ({
        data: { source: e.from, target: e.to, label: e.label, labelAt: widthOf(e.label, '10.5px') / 2 + 8, ...(lines[i] && segments(cards.get(e.from), cards.get(e.to), lines[i])) },
        classes: `${e.refers ? 'refers' : ''} ${lines[i] ? 'routed' : ''}`,
      })));
    });
    this.#fit();
  }

  // A card leads to its page, as the list's link does; the router takes it without loading the document.
  #begin(cytoscape) {
    const made = cytoscape({
      container: this, pixelRatio: 2 * devicePixelRatio, autoungrabify: true, autounselectify: true, boxSelectionEnabled: false, userZoomingEnabled: false, userPanningEnabled: false,
    });
    made.on('tap', 'node[href != ""]', ({ target }) => { if (window.Blazor?.navigateTo) { window.Blazor.navigateTo(target.data('href')); } else { location.assign(target.data('href')); } });
    made.on('mouseover', 'node[href != ""]', () => { this.style.cursor = 'pointer'; });
    made.on('mouseout', 'node', () => { this.style.cursor = made.userPanningEnabled() ? 'move' : ''; });
    return made;
  }

  // As large as it is; smaller on a narrow screen, and moved by hand where it would become too small to read.
  #fit() {
    if (!this.#cytoscape || this.clientWidth === 0) { return; }
    const zoom = Math.min(1, Math.max(Least, this.clientWidth / this.#size.width));
    const wider = this.#size.width * zoom > this.clientWidth + 1;
    this.style.height = `${Math.ceil(this.#size.height * zoom)}px`;
    this.style.cursor = wider ? 'move' : '';
    this.#cytoscape.userPanningEnabled(wider).resize().viewport({ zoom, pan: { x: Margin * zoom, y: Margin * zoom } });
  }
}

const styles = (color) => [
  {
    selector: 'node',
    style: {
      shape: 'round-rectangle', width: 'data(width)', height: 'data(height)', 'corner-radius': 5, 'background-color': color('--fs-surface'), 'border-width': 1, 'border-color': 'data(border)',
      'background-image': 'data(picture)', 'background-fit': 'contain', 'overlay-opacity': 0,
    },
  },
  { selector: 'node.step', style: { 'background-color': color('--fs-sunk'), 'border-color': color('--fs-line') } },
  {
    selector: 'edge',
    style: {
      width: 1.3, 'curve-style': 'bezier', 'line-color': color('--fs-line-strong'), 'target-arrow-shape': 'triangle', 'target-arrow-color': color('--fs-line-strong'),
      'arrow-scale': .8, 'overlay-opacity': 0, 'target-endpoint': '-50% -8px',
    },
  },
  {
    selector: 'edge.routed',
    style: { 'curve-style': 'round-segments', 'segment-weights': 'data(weights)', 'segment-distances': 'data(distances)', 'segment-radii': 5, 'edge-distances': 'node-position', 'source-endpoint': 'data(leaves)' },
  },
  {
    selector: 'edge.refers',
    style: {
      'line-style': 'dashed', 'line-color': color('--fs-accent'), 'target-arrow-color': color('--fs-accent'), 'target-endpoint': '-50% 8px',
      'source-label': 'data(label)', 'source-text-offset': 'data(labelAt)', color: color('--fs-dim'), 'font-family': family, 'font-size': 10.5,
      'text-background-color': color('--fs-surface'), 'text-background-opacity': 1, 'text-background-padding': 1,
    },
  },
];

customElements.define('fs-graph', FlagstoneGraph);
