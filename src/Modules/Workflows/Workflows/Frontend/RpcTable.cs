using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Flagstone.Workflows.Frontend;

/// <summary>Which RPCs of a service have a handler. The page docs/reference/temporal-rpcs.md is made of it.</summary>
internal static class RpcTable
{
    public static readonly ServiceDescriptor WorkflowService = Temporalio.Api.WorkflowService.V1.ServiceReflection.Descriptor.Services[0];
    public static readonly ServiceDescriptor OperatorService = Temporalio.Api.OperatorService.V1.ServiceReflection.Descriptor.Services[0];

    private static readonly Dictionary<string, RpcAccess> Access = Of(WorkflowService, typeof(WorkflowServiceHandlers)).Concat(Of(OperatorService, typeof(OperatorServiceHandlers)))
        .ToDictionary(a => a.Method, a => a.Access, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Methods = WorkflowService.Methods.Concat(OperatorService.Methods)
        .ToFrozenDictionary(m => m.InputType.FullName, m => $"/{m.Service.FullName}/{m.Name}", StringComparer.Ordinal);

    /// <summary>The gRPC name of the method that takes a request.</summary>
    public static string MethodOf(IMessage request) => Methods[request.Descriptor.FullName];

    /// <summary>The handler of an RPC; null for none.</summary>
    public static MethodInfo? HandlerOf(Type service, MethodDescriptor rpc) =>
        service.GetMethod(rpc.Name, BindingFlags.Instance | BindingFlags.Public) is { } method && method.IsDefined(typeof(RpcAttribute)) ? method : null;

    /// <summary>Who may call a method, by its gRPC name. What has no handler answers everyone alike.</summary>
    public static RpcAccess AccessOf(string method) => Access.GetValueOrDefault(method);

    /// <summary>The table as Markdown.</summary>
    public static string Page()
    {
        var page = new StringBuilder("""
            # Temporal's RPCs

            What of Temporal's gRPC API is there. An RPC that is not answers `UNIMPLEMENTED`, and is not advertised. This page is made from the code.

            """);
        Add(page, WorkflowService, typeof(WorkflowServiceHandlers));
        Add(page, OperatorService, typeof(OperatorServiceHandlers));
        return page.ToString();
    }

    private static IEnumerable<(string Method, RpcAccess Access)> Of(ServiceDescriptor service, Type handlers) => service.Methods.Select(m =>
        ($"/{service.FullName}/{m.Name}", HandlerOf(handlers, m)?.GetCustomAttribute<RpcAttribute>()!.Access ?? RpcAccess.Read));

    private static void Add(StringBuilder page, ServiceDescriptor service, Type handlers)
    {
        var rows = service.Methods.Select(m => (m.Name, Rpc: HandlerOf(handlers, m)?.GetCustomAttribute<RpcAttribute>())).ToList();
        page.Append($"\n## {service.Name}\n\n{rows.Count(r => r.Rpc is not null)} of {rows.Count} are there.\n\n| RPC | |\n|---|---|\n");
        foreach (var (name, rpc) in rows)
        {
            page.Append($"| {name} | {(rpc is null ? "not there" : rpc.Missing.Length == 0 ? "done" : $"partly: without {rpc.Missing}")} |\n");
        }
    }
}
