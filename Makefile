# Two commands do all: `make demo` and `make test`. Without make: `sh run demo`, `sh run test`.
# ARGS goes to the command: make demo ARGS="--once", make test ARGS="tests/edge -k ring".
.PHONY: help demo test check setup format
help demo test check setup format:
	@sh run $@ $(ARGS)
