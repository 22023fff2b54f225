"""The graph of a turn: nodes and edges, no logic.

Memory recalls, the Expert conceives and may consult the person, the Orchestrator plans and may have the plan confirmed, Memory
rewinds where undo and the like ask for it, the Generator writes, the Expert criticises, the Orchestrator and the Generator
revise within a bound, the Voter decides, the Expert answers questions about the piece, Memory commits.
"""

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ripieno.agents import expert, generator, memory, orchestrator, voter
from ripieno.agents.state import Ensemble, TurnState
from ripieno.agents.trace import timed

TurnGraph = CompiledStateGraph[TurnState, Ensemble, TurnState, TurnState]


def build_graph() -> TurnGraph:
    """The compiled graph. Compiling looks into every node; a session does it once."""
    graph = StateGraph(TurnState, context_schema=Ensemble)
    graph.add_node("recall", timed("recall", memory.recall))
    graph.add_node("conceive", timed("conceive", expert.conceive))
    graph.add_node("consult", timed("consult", expert.consult))
    graph.add_node("plan", timed("plan", orchestrator.plan))
    graph.add_node("confirm", timed("confirm", orchestrator.confirm))
    graph.add_node("rewind", timed("rewind", memory.rewind))
    graph.add_node("generate", timed("generate", generator.generate))
    graph.add_node("criticise", timed("criticise", expert.criticise))
    graph.add_node("revise", timed("revise", orchestrator.revise))
    graph.add_node("vote", timed("vote", voter.vote))
    graph.add_node("answer", timed("answer", expert.answer))
    graph.add_node("commit", timed("commit", memory.commit))
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "conceive")
    graph.add_conditional_edges("conceive", expert.next_after_conceive)
    graph.add_edge("consult", "conceive")
    graph.add_conditional_edges("plan", orchestrator.next_after_plan)
    graph.add_conditional_edges("confirm", orchestrator.next_after_confirm)
    graph.add_conditional_edges("rewind", orchestrator.next_after_rewind)
    graph.add_edge("generate", "criticise")
    graph.add_conditional_edges("criticise", orchestrator.next_after_critic)
    graph.add_edge("revise", "generate")
    graph.add_conditional_edges("vote", orchestrator.next_after_vote)
    graph.add_edge("answer", "commit")
    graph.add_edge("commit", END)
    return graph.compile(name="turn")


def with_checkpointer(graph: TurnGraph, saver: BaseCheckpointSaver[str]) -> TurnGraph:
    """The same graph for one turn: every step is kept in `saver` until the turn is done."""
    return graph.copy({"checkpointer": saver})
