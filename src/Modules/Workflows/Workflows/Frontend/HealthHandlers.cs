using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;

namespace Flagstone.Workflows.Frontend;

/// <summary>gRPC's health service. It asks for no token, and so answers no <c>Watch</c>: a stream that anybody may hold open.</summary>
internal sealed class HealthHandlers(HealthServiceImpl health) : Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => health.Check(request, context);
}
