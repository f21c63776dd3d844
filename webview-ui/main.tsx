import './styles/index.css';
import { render } from 'preact';
import type { ToPage } from '../src/protocol/messages.ts';
import { App } from './app/App.tsx';
import { type EditorApi, Host } from './app/host.ts';
import { Page } from './app/page.ts';

declare function acquireVsCodeApi(): EditorApi;

const page = new Page(new Host(acquireVsCodeApi()));
window.addEventListener('message', (event: MessageEvent<ToPage>) => page.receive(event.data));
new MutationObserver(() => {
  page.theme.value += 1;
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
new MutationObserver(() => {
  page.theme.value += 1;
}).observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });

const root = document.getElementById('root') ?? document.body.appendChild(document.createElement('div'));
root.id = 'root';
render(<App page={page} />, root);
page.start();
