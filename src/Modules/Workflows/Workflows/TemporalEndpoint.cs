namespace Flagstone.Workflows;

/// <summary>On the endpoints of Temporal's gRPC API, which answer on its port alone.</summary>
public sealed class TemporalEndpoint;
