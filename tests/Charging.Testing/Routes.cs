using Charging.Miniprogram.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace Charging.Testing;

/// <summary>A route of the mini-program, read from the protos.</summary>
/// <param name="Name">Last segment of its path, for example `getPileStatus`.</param>
/// <param name="Method">The method behind it.</param>
public sealed record Route(string Name, MethodDescriptor Method)
{
    /// <summary>The method's full gRPC name, as in <see cref="Server.Calls.RouteCodes"/>.</summary>
    public string FullName => $"/{Method.Service.FullName}/{Method.Name}";
}

/// <summary>All routes of the mini-program.</summary>
public static class Routes
{
    /// <summary>What their paths begin with.</summary>
    public const string Prefix = "/wechat/smallapplet/";

    /// <summary>All of them, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Route> All = new[]
    {
        AccountServiceReflection.Descriptor, BalanceServiceReflection.Descriptor, CardServiceReflection.Descriptor,
        OrderServiceReflection.Descriptor, PaymentServiceReflection.Descriptor, PileServiceReflection.Descriptor,
    }.SelectMany(file => file.Services).SelectMany(service => service.Methods)
        .Select(method => new Route(method.GetOptions().GetExtension(AnnotationsExtensions.Http).Post[Prefix.Length..], method))
        .ToDictionary(route => route.Name);
}
