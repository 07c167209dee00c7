# Each target is one or two cargo lines.

.PHONY: check test lint doc viewer demo hunt shrink-table bench fuzz ci scale-test

check: lint test doc ## Everything that a commit must pass.

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings

test:
	cargo test --workspace

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

viewer: ## The page that shows runs: types, lint, and tests in a real browser. Needs Node.js and Chromium.
	bash .ci/viewer

demo: ## The main job: every scenario over its seeds.
	cargo run --release -- run scenarios

hunt: ## Hours of fresh seeds of every right protocol: for a night, not for a commit. It can be stopped, and goes on where it was.
	cargo run --release -- hunt scenarios/raft scenarios/paxos scenarios/synod scenarios/ring scenarios/dynamo --for 8h

shrink-table: ## How small the failures of all planted bugs become, and how fast.
	cargo run --release -- shrink scenarios/negative/*.toml --table --for 30s

bench: ## Every benchmark beside its reference, in one call.
	cargo bench --workspace

fuzz: ## Every parser against what libFuzzer comes up with: `make fuzz`, or `make fuzz FOR=600 ONLY=histories`. Goes on where it was.
	bash .ci/fuzz $(or $(FOR),60) $(ONLY)

ci:
	bash .ci/run

scale-test: ## The recipes for clusters, run for real: a Slurm and a Dask of this machine alone. Needs packages; says which.
	bash .ci/recipes/try.sh slurm dask
